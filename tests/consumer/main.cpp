#include <cstdio>

#include "nn/linear.h"
#include "nn/quant/slot.h"

// A ternary layer with 8-bit inputs in ten lines.
int main() {
  lowbit::Linear layer({.in = 16, .out = 4}, 1);
  layer.each_slot([](const std::string& path, lowbit::Slot& slot) {
    if (path == "weight") slot.assign("tbt_weight bits=2");
    if (path == "input") slot.assign("absmax bits=8 per=token");
  });
  const lowbit::Variable y = layer.forward(lowbit::Variable(lowbit::random_normal({2, 16}, 0, 1, 1)), {});
  std::printf("%s\n", y.shape().str().c_str());
  return y.shape() == lowbit::Shape{2, 4} ? 0 : 1;
}

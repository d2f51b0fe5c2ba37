#include "core/quant/packing.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"
#include "core/kernels/pack.h"
#include "core/random.h"

namespace lowbit {
namespace {

constexpr CodeBook kBooks[] = {CodeBook::binary, CodeBook::bit,   CodeBook::ternary, CodeBook::trit,
                               CodeBook::int4,   CodeBook::uint4, CodeBook::int8,    CodeBook::uint8};

std::vector<int8_t> random_codes(CodeBook book, int64_t n, uint64_t seed) {
  RandomState random{seed};
  const CodeRange range = range_of(book);
  std::vector<int8_t> codes;
  for (int64_t i = 0; i < n; ++i) {
    const int level =
        range.low + static_cast<int>(random.next_below(static_cast<uint64_t>(range.high - range.low + 1)));
    codes.push_back(static_cast<int8_t>(book == CodeBook::binary && level == 0 ? -1 : level - zero_of(book)));
  }
  return codes;
}

TEST(Packing, RoundTripForEveryLengthModulo64AndZeroPadding) {
  for (const CodeBook book : kBooks)
    for (int64_t n = 0; n <= 130; ++n) {
      const Tensor codes = Tensor::from(Shape({3, n}), random_codes(book, 3 * n, static_cast<uint64_t>(n)));
      const Tensor packed = pack_codes(codes, book);
      const int64_t bits = range_of(book).bits, per_byte = bits == 2 ? 5 : 8 / bits, last = n % per_byte;
      ASSERT_EQ(packed.shape(), Shape({3, (n + per_byte - 1) / per_byte}));
      EXPECT_EQ(unpack_codes(packed, book, codes.shape()).to_vector<int8_t>(), codes.to_vector<int8_t>())
          << to_string(book) << " " << n;
      if (last) {
        const int radix = bits == 2 ? 3 : 1 << bits;
        EXPECT_LT(packed.to_vector<uint8_t>().back(), std::pow(radix, last)) << to_string(book) << " " << n;
      }
    }
}

// Worked by hand from the table in packing.h.
TEST(Packing, BytesOfEachBook) {
  const auto bytes = [](CodeBook book, const std::vector<int8_t>& codes) {
    return pack_codes(Tensor::from(Shape({static_cast<int64_t>(codes.size())}), codes), book).to_vector<uint8_t>();
  };
  EXPECT_EQ(bytes(CodeBook::binary, {-1, 1, 1, -1, 1, 1, 1, 1, -1}), (std::vector<uint8_t>{0b1001, 1}));
  EXPECT_EQ(bytes(CodeBook::bit, {1, 0, 0, 1}), (std::vector<uint8_t>{0b1001}));
  EXPECT_EQ(bytes(CodeBook::ternary, {-1, 0, 1, 1, 0, -1, 1}),
            (std::vector<uint8_t>{0 + 3 + 2 * 9 + 2 * 27 + 81, 0 + 2 * 3}));
  EXPECT_EQ(bytes(CodeBook::trit, {2, 0, 1}), (std::vector<uint8_t>{2 + 0 + 9}));
  EXPECT_EQ(bytes(CodeBook::int4, {-8, 7, -1}), (std::vector<uint8_t>{0x78, 0x0f}));
  EXPECT_EQ(bytes(CodeBook::uint4, {15, 1}), (std::vector<uint8_t>{0x1f}));
  EXPECT_EQ(bytes(CodeBook::int8, {-128, -1, 127}), (std::vector<uint8_t>{0x80, 0xff, 0x7f}));
  EXPECT_EQ(bytes(CodeBook::uint8, {-128, 0, 127}), (std::vector<uint8_t>{0, 128, 255}));  // levels
}

TEST(Packing, RefusesCodesAndFieldsThatTheBookDoesNotHave) {
  const auto pack = [](int code, CodeBook book) {
    return pack_codes(Tensor::from(Shape({1}), std::vector<int8_t>{static_cast<int8_t>(code)}), book);
  };
  EXPECT_THROW(pack(0, CodeBook::binary), Error);
  EXPECT_THROW(pack(2, CodeBook::ternary), Error);
  EXPECT_THROW(pack(-1, CodeBook::bit), Error);
  EXPECT_THROW(pack(8, CodeBook::int4), Error);
  const Tensor no_digits = Tensor::from(Shape({1}), std::vector<uint8_t>{243});
  for (const CodeBook book : {CodeBook::ternary, CodeBook::trit}) {
    try {
      unpack_codes(no_digits, book, Shape({5}));
      FAIL();
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::model);
      EXPECT_NE(std::string(e.what()).find("corrupt"), std::string::npos);
    }
    EXPECT_THROW(check_codes(no_digits, book, Shape({5})), Error);
    check_codes(Tensor::from(Shape({1}), std::vector<uint8_t>{242}), book, Shape({5}));
  }
  EXPECT_THROW(unpack_codes(no_digits, CodeBook::binary, Shape({9})), Error);
  EXPECT_THROW(check_codes(no_digits, CodeBook::binary, Shape({9})), Error);
}

TEST(PackKernels, EveryTargetGivesTheBytesOfTheGenericOne) {
  PackKernels generic{};
  for (const auto& row : pack_impls())
    if (row.target == Target::cpu_generic) row.fill(generic);
  for (const auto& row : pack_impls()) {
    if (!runs_here(row.target)) continue;
    PackKernels kernels{};
    row.fill(kernels);
    const PackedField fields[] = {
        {2, -2, 1, 0, -1, 1}, {3, 1, -1, 0, -1, 1}, {16, 1, -8, 8, -8, 7}, {256, 1, -128, 128, -128, 127}};
    for (const PackedField& field : fields)
      for (const int64_t n : {1, 17, 63, 1023}) {
        const CodeBook book = field.radix == 2   ? CodeBook::binary
                              : field.radix == 3 ? CodeBook::ternary
                                                 : CodeBook::int4;
        const std::vector<int8_t> codes = random_codes(book, 3 * n, 9);
        const int64_t per_byte = fields_per_byte(field.radix);
        const size_t bytes = static_cast<size_t>(3 * ((n + per_byte - 1) / per_byte));
        std::vector<uint8_t> a(bytes + 1), b(bytes + 1);
        std::vector<int8_t> back(codes.size());
        EXPECT_TRUE(kernels.pack(current_stream({}), {codes.data(), a.data() + 1, 3, n, field}));
        EXPECT_TRUE(generic.pack(current_stream({}), {codes.data(), b.data() + 1, 3, n, field}));
        EXPECT_EQ(a, b);
        EXPECT_TRUE(kernels.unpack(current_stream({}), {a.data() + 1, back.data(), 3, n, field}));
        EXPECT_EQ(back, codes);
      }
  }
}

}  // namespace
}  // namespace lowbit

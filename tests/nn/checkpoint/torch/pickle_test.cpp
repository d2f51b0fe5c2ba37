#include "nn/checkpoint/torch/pickle.h"

#include <gtest/gtest.h>

#include "tests/nn/checkpoint/torch/torch_archive.h"
#include "tests/support/expect_error.h"

namespace lowbit {
namespace {

using namespace std::string_literals;
using Kind = PickleValue::Kind;

std::span<const std::byte> bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

void expect_refused(const std::string& pickle, std::initializer_list<const char*> words) {
  test::expect_error(ErrorKind::model, words, [&] { Pickle(bytes_of(pickle), "weights.bin"); });
}

/// "[1, 'a', ...]" of what the pickle describes.
std::string shown(const PickleValue& value) {
  const auto items = [&](const char* open, const char* close) {
    std::string text = open;
    for (const PickleValue* item : value.items) text += (text.size() > 1 ? " " : "") + shown(*item);
    return text + close;
  };
  switch (value.kind) {
    case Kind::none:
      return "None";
    case Kind::boolean:
      return value.integer ? "True" : "False";
    case Kind::integer:
      return std::to_string(value.integer);
    case Kind::real:
      return fmt::format("{}", value.real);
    case Kind::text:
      return fmt::format("'{}'", value.text);
    case Kind::bytes:
      return fmt::format("b'{}'", value.text);
    case Kind::global:
      return std::string(value.text);
    case Kind::tuple:
      return items("(", ")");
    case Kind::list:
      return items("[", "]");
    case Kind::dict:
      return items("{", "}");
    case Kind::set:
      return items("{", "}");
    case Kind::object:
      return items("<", ">");
    case Kind::stored:
      return items("@", "");
  }
  return "";
}

std::string read(const std::string& pickle) { return shown(Pickle(bytes_of(pickle), "weights.bin").root()); }

// Python's pickle.dumps of the values at the right, in the protocol that the comment names.
TEST(Pickle, ReadsWhatPythonWrites) {
  const std::string one("(I1\nI01\nL-5L\nG\x3f\xf8\0\0\0\0\0\0Ntq\x01."s);  // 1
  EXPECT_EQ(read(one), "(1 True -5 1.5 None)");
  EXPECT_EQ(read("\x80\x02]q\x00(K\x01M\x00\x02J\xff\xff\xff\xff\x8a\x05\x00\x00\x00\x00\xff\x88\x89"
                 "e."s),  // 2
            "[1 512 -1 -4294967296 True False]");
  EXPECT_EQ(read("\x80\x03}q\x00(X\x01\x00\x00\x00kq\x01K\x01K\x02\x86q\x02X\x01\x00\x00\x00lq\x03h\x02u."s),  // 3
            "{'k' (1 2) 'l' (1 2)}");
  EXPECT_EQ(read("\x80\x04\x95\x0b\0\0\0\0\0\0\0(\x8c\x01"
                 "a\x94"
                 "C\x01"
                 "b\x94\x8f\x94t\x94."s),  // 4
            "('a' b'b' {})");
  EXPECT_EQ(read("\x80\x02"
                 "cargparse\nNamespace\nq\x00)\x81q\x01}q\x02X\x01\x00\x00\x00nK\x07sb."s),
            "<argparse.Namespace () {'n' 7}>");
  EXPECT_EQ(read("\x80\x02"
                 "c__builtin__\nset\n]K\x01"
                 "a\x85R."s),
            "<builtins.set ([1])>");
  EXPECT_EQ(read("\x80\x04\x8c\x0b"
                 "collections\x8c\x0bOrderedDict\x93)R\x8c\x01kNs."s),
            "{'k' None}");
}

TEST(Pickle, AValueThatHoldsItselfIsNoTrouble) {
  const std::string itself =
      "\x80\x02]q\x01h\x01"
      "a.";
  const Pickle pickle(bytes_of(itself), "weights.bin");
  EXPECT_EQ(pickle.root().items[0], &pickle.root());
}

TEST(Pickle, RefusesEveryGlobalThatIsNotListedByNameAndByte) {
  expect_refused("cos\nsystem\n(X\x04\x00\x00\x00truetR."s, {"weights.bin", "byte 0", "\"os.system\""});
  for (const char* global : {"posix\nsystem", "builtins\neval", "__builtin__\nexec", "builtins\ngetattr",
                             "subprocess\nPopen", "torch.hub\nload", "torch\nload", "collections\nOrderedDict.x",
                             "torch._utils\n_rebuild_tensor_v3", "numpy\nload", "fairseqs.x\nA", "\n", ".\n."})
    expect_refused(std::string("\x80\x02N0c") + global + "\n)R.", {"byte 4", "not among the classes"});
  expect_refused("\x80\x04\x8c\x02os\x8c\x06system\x93.", {"byte 14", "\"os.system\""});
  expect_refused("\x80\x04N\x8c\x06system\x93.", {"the name of a global is no text"});
  expect_refused(fmt::format("cx\n{}\n.", std::string(100'000, 'y')), {"byte 0", "yyy"});
  expect_refused("c\x1b[31m\n\xff\n.", {"byte 0", "\\u001b"});
}

TEST(Pickle, KeepsClassesOfATrainersPackageAsThatPackage) {
  const std::string bytes =
      "\x80\x02"
      "cfairseq.data.dictionary\nDictionary\n)\x81}(X\x01\x00\x00\x00kK\x05ub."s;
  const Pickle pickle(std::as_bytes(std::span(bytes)), "weights.bin");
  EXPECT_TRUE(pickle.root().made_by("fairseq.*"));
  ASSERT_TRUE(pickle.root().state());
  EXPECT_EQ(pickle.root().state()->value_of("k")->integer, 5);
  EXPECT_FALSE(pickle.root().state()->value_of("q") || pickle.root().value_of("k"));
}

TEST(Pickle, RefusesEveryOtherOpcodeByNumberNameAndByte) {
  const std::string known =
      "\x80\x95N\x88\x89JKMIL\x8aGXT\x8cU\x8d"
      "CB\x8e\x96()]}\x8ftld\x91\x85\x86\x87"
      "aesu\x90"
      "01qrp\x94hjgc\x93R\x81"
      "bQ.";
  for (int opcode = 0; opcode < 256; ++opcode)
    if (known.find(static_cast<char>(opcode)) == std::string::npos)
      expect_refused(fmt::format("N0{}{}", static_cast<char>(opcode), std::string(20, '\n')),
                     {"byte 2", fmt::format("0x{:02x}", opcode).c_str()});
  for (const auto& [opcode, name] : {std::pair("\x82", "0x82 (EXT1)"),
                                     {"\x92", "0x92 (NEWOBJ_EX)"},
                                     {"S", "0x53 (STRING)"},
                                     {"\x8b", "0x8b (LONG4)"},
                                     {"\x97", "0x97 (NEXT_BUFFER)"},
                                     {"\x99", "0x99 is not"}})
    expect_refused(opcode + std::string(20, '\n'), {"byte 0", name});
}

TEST(Pickle, RefusesWhatDoesNotFitTogether) {
  expect_refused("", {"byte 0", "cut off"});
  expect_refused("\x80\x06N.", {"protocol 6"});
  expect_refused(".", {"0 values"});
  expect_refused("NN.", {"2 values"});
  expect_refused("(N.", {"1 values"});
  expect_refused("0.", {"no value"});
  expect_refused("N(0s.", {"no value"});
  expect_refused("(Na.", {"no value"});
  expect_refused("t.", {"no mark"});
  expect_refused("NNa.", {"no list"});
  expect_refused(")NNs.", {"no dict"});
  expect_refused("}(Nu.", {"no value"});
  expect_refused("(Nd.", {"no value"});
  expect_refused("h\x05.", {"nothing was remembered as 5"});
  expect_refused("N)R.", {"no class"});
  expect_refused("cargparse\nNamespace\nNR.", {"no tuple"});
  expect_refused("NNb.", {"takes none"});
  expect_refused("ccollections\nOrderedDict\n]\x85R.", {"with arguments"});
  expect_refused(fmt::format("\x8a\x09{}.", std::string(9, '\1')), {"9 bytes"});
  expect_refused("I99999999999999999999\n.", {"64 bits"});
  expect_refused("Ix\n.", {"\"x\""});
  expect_refused("X\xff\xff\xff\xffhello.", {"cut off"});
  expect_refused("\x8d\xff\xff\xff\xff\xff\xff\xff\xffhello.", {"cut off"});
  expect_refused("\x95\xff\xff\xff\xff\xff\xff\xff\xffN.", {"cut off"});
}

TEST(Pickle, RefusesBombs) {
  expect_refused(fmt::format("{}{}.", std::string(100'000, ']'), std::string(99'999, 'a')), {"nested"});
  std::string tuples = "N";
  for (int i = 0; i < 1000; ++i) tuples += "\x85";
  expect_refused(tuples + ".", {"byte 201", "nested"});
  expect_refused(std::string(2'000'000, 'N'), {"byte 1000000", "values"});
  expect_refused(std::string(2'000'000, '('), {"values"});
  expect_refused(fmt::format("N{}.", std::string(2'000'000, '\x94')), {"values"});
  std::string laughs = "]";  // each level holds the one before it ten times: 10^50 values if they were counted
  for (char level = 0; level < 50; ++level) {
    laughs += std::string("q") + level + "0](";
    for (int i = 0; i < 10; ++i) laughs += std::string("h") + level;
    laughs += "e";
  }
  EXPECT_EQ(Pickle(bytes_of(laughs + "."), "weights.bin").root().items.size(), 10u);
  std::string idle;
  while (idle.size() <= 16u << 20) idle += "\x80\x02";  // no value at all
  expect_refused(idle + "N.", {"bytes"});
}

}  // namespace
}  // namespace lowbit

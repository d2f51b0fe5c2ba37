#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

#include "core/error.h"

namespace lowbit::test {

/// fn must throw an Error of this kind, one line, whose message holds all the words.
template <class Fn>
void expect_error(ErrorKind kind, std::initializer_list<const char*> words, const Fn& fn) {
  try {
    fn();
  } catch (const Error& error) {
    const std::string message = error.what();
    EXPECT_EQ(error.kind(), kind) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    for (const char* word : words)
      EXPECT_NE(message.find(word), std::string::npos) << '"' << word << "\" in: " << message;
    return;
  }
  ADD_FAILURE() << "no error, expected one about \"" << (words.size() ? *words.begin() : "") << '"';
}

}  // namespace lowbit::test

#include "base/text.h"

#include <gtest/gtest.h>

namespace postern {
namespace {

using namespace std::string_view_literals;

TEST(TextTest, KnowsTheClassesOfAsciiAlone) {
  std::string digits, letters, controls;
  for (int byte = 0; byte < 256; ++byte) {
    const auto c = static_cast<char>(byte);
    if (isDigit(c)) digits += c;
    if (isLetter(c)) letters += c;
    if (isControl(c)) controls += c;
    EXPECT_EQ(isLetterOrDigit(c), isLetter(c) || isDigit(c));
    EXPECT_EQ(isLetter(c), isUpperCase(c) || isLowerCase(c));
    EXPECT_EQ(lowerCase(c) != c, isUpperCase(c));
    EXPECT_EQ(upperCase(c) != c, isLowerCase(c));
  }
  EXPECT_EQ(digits, "0123456789");
  EXPECT_EQ(letters, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
  EXPECT_EQ(controls.size(), 33U);
  EXPECT_EQ(controls.back(), '\x7F');
}

TEST(TextTest, ChangesAndComparesTheCaseOfAsciiAlone) {
  EXPECT_EQ(lowered("Content-TYPE 1[@`{\xC3\x84"), "content-type 1[@`{\xC3\x84");
  EXPECT_EQ(upperCase('z'), 'Z');
  EXPECT_TRUE(equalsIgnoringCase("Bearer", "bEARER"));
  EXPECT_TRUE(equalsIgnoringCase("", ""));
  EXPECT_FALSE(equalsIgnoringCase("a", "ab"));
  EXPECT_FALSE(equalsIgnoringCase("[", "{"));
  EXPECT_FALSE(equalsIgnoringCase("\xC3\x84", "\xC3\xA4"));
}

TEST(TextTest, Trims) {
  EXPECT_EQ(trimmed(" \ta b\t "), "a b");
  EXPECT_EQ(trimmed("\na\n"), "\na\n");
  EXPECT_EQ(trimmed("\r\n a\v\f", kWhiteSpace), "a");
  EXPECT_EQ(trimmed("'\"a'", "'\""), "a");
  EXPECT_EQ(trimmed(" \t "), "");
  EXPECT_EQ(trimmed(""), "");
}

TEST(TextTest, FindsControlCharacters) {
  EXPECT_FALSE(hasControlCharacter(""));
  EXPECT_FALSE(hasControlCharacter("a ~\x80\xFF"));
  for (const auto text : {"a\nb"sv, "\t"sv, "\0"sv, "\x1F"sv, "a\x7F"sv}) {
    EXPECT_TRUE(hasControlCharacter(text));
  }
}

TEST(TextTest, MeasuresTheFirstCharacterOfUtf8) {
  const auto isValid = [](std::string_view character) {
    EXPECT_EQ(utf8Length(character), character.size());
    EXPECT_EQ(utf8Length(std::string(character) + "x"), character.size());
    if (character.size() > 1) {
      EXPECT_EQ(utf8Length(character.substr(0, character.size() - 1)), 0U);
    }
  };
  // RFC 3629 section 4: first and last of each row
  for (const auto character :
       {"\0"sv, "\x7F"sv, "\xC2\x80"sv, "\xDF\xBF"sv, "\xE0\xA0\x80"sv, "\xE0\xBF\xBF"sv,
        "\xE1\x80\x80"sv, "\xEC\xBF\xBF"sv, "\xED\x80\x80"sv, "\xED\x9F\xBF"sv, "\xEE\x80\x80"sv,
        "\xEF\xBF\xBF"sv, "\xF0\x90\x80\x80"sv, "\xF0\xBF\xBF\xBF"sv, "\xF1\x80\x80\x80"sv,
        "\xF3\xBF\xBF\xBF"sv, "\xF4\x80\x80\x80"sv, "\xF4\x8F\xBF\xBF"sv}) {
    isValid(character);
  }
  // Lone continuation bytes, overlong forms, surrogates, beyond U+10FFFF
  for (const auto text : {"\x80"sv, "\xBF\x80"sv, "\xC0\x80"sv, "\xC1\xBF"sv, "\xC2\x41"sv,
                          "\xE0\x80\x80"sv, "\xE0\x9F\xBF"sv, "\xED\xA0\x80"sv, "\xED\xBF\xBF"sv,
                          "\xE1\x80\x41"sv, "\xF0\x80\x80\x80"sv, "\xF0\x8F\xBF\xBF"sv,
                          "\xF4\x90\x80\x80"sv, "\xF5\x80\x80\x80"sv, "\xFF"sv}) {
    EXPECT_EQ(utf8Length(text), 0U);
  }
}

}  // namespace
}  // namespace postern

#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

// Example files and their expected errors.
namespace postern::config {

inline std::string contents(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  EXPECT_TRUE(stream.is_open()) << path;
  return {std::istreambuf_iterator<char>(stream), {}};
}

// Sorted.
inline std::vector<std::filesystem::path> filesEndingIn(std::string_view ending,
                                                        const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().string().ends_with(ending)) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// Errors of parseYaml and parseWebConfig, one a line.
template <typename Loaded>
std::string errorsOf(const Loaded& loaded) {
  std::string text;
  for (const auto& error : loaded.errors) text += error.text() + '\n';
  return text;
}

}  // namespace postern::config

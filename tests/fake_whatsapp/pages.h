#pragma once

#include <string>
#include <string_view>

#include "fake_whatsapp/behaviour.h"

// The documents of the fake service, in the format that the vendor documents.
namespace postern::testing {

std::string loginAnswer(const std::string& token, std::chrono::system_clock::time_point expires);
// {"meta":...,"errors":[{"code":...,"title":...}]}; without empty details.
std::string errorAnswer(int code, std::string_view title, std::string_view details = {});

std::string metricsJson(const Behaviour& behaviour);
// Label values are not escaped, as in the original.
std::string metricsText(const Behaviour& behaviour);
// `kind` is app or db; `internal` nests everything one level deeper.
std::string statsJson(std::string_view kind, bool internal, const Behaviour& behaviour);
std::string healthJson(const Behaviour& behaviour);

// The `number`th block of an endless text page, about 64 KiB of samples.
std::string bulkSamples(std::size_t number);

}  // namespace postern::testing

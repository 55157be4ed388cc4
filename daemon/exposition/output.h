#pragma once

#include <string>

namespace postern::exposition {

// The two line languages. Text: Prometheus 0.0.4 and 1.0.0; OpenMetrics: 0.0.1 and 1.0.0.
enum class Syntax { Text, OpenMetrics };

// How to write a name that needs quotes (Prometheus' docs, escaping_schemes).
enum class Escaping { AllowUtf8, Underscores, Dots, Values };

// The format of an outgoing page. Only the versions 1.0.0 may have quoted names, so only they have
// AllowUtf8.
struct Output {
  Syntax syntax = Syntax::Text;
  bool version_1 = false;  // 1.0.0; false: 0.0.4 or 0.0.1
  Escaping escaping = Escaping::Underscores;
  bool operator==(const Output&) const = default;
};

}  // namespace postern::exposition

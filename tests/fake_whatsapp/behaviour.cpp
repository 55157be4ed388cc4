#include "fake_whatsapp/behaviour.h"

#include <charconv>
#include <functional>

namespace postern::testing {
namespace {

template <typename Owner>
using Setter = std::function<bool(Owner&, const std::string&)>;

template <typename Number>
bool readNumber(const std::string& text, Number& number) {
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  return parsed.ec == std::errc() && parsed.ptr == end;
}

bool readBool(const std::string& text, bool& value) {
  value = text == "true";
  return value || text == "false";
}

template <typename Duration>
bool readDuration(const std::string& text, Duration& duration) {
  double seconds = 0;
  if (!readNumber(text, seconds) || seconds < 0) return false;
  duration = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
  return true;
}

template <typename Owner>
Setter<Owner> flag(bool Owner::*member) {
  return [member](Owner& owner, const std::string& text) { return readBool(text, owner.*member); };
}

template <typename Owner>
Setter<Owner> text(std::string Owner::*member) {
  return [member](Owner& owner, const std::string& value) {
    owner.*member = value;
    return true;
  };
}

template <typename Owner>
Setter<Owner> text(std::optional<std::string> Owner::*member) {
  return [member](Owner& owner, const std::string& value) {
    owner.*member = value;
    return true;
  };
}

template <typename Owner, typename Number>
Setter<Owner> number(Number Owner::*member) {
  return
      [member](Owner& owner, const std::string& value) { return readNumber(value, owner.*member); };
}

template <typename Owner, typename Number>
Setter<Owner> number(std::optional<Number> Owner::*member) {
  return [member](Owner& owner, const std::string& value) {
    return readNumber(value, (owner.*member).emplace());
  };
}

template <typename Owner, typename Duration>
Setter<Owner> duration(Duration Owner::*member) {
  return [member](Owner& owner, const std::string& value) {
    return readDuration(value, owner.*member);
  };
}

bool addHeader(Provocation& provocation, const std::string& line) {
  const auto colon = line.find(": ");
  if (colon == std::string::npos) return false;
  provocation.headers.emplace_back(line.substr(0, colon), line.substr(colon + 2));
  return true;
}

template <typename Owner>
bool apply(const std::map<std::string_view, Setter<Owner>>& setters, Owner& owner,
           std::string_view key, const std::string& value) {
  const auto setter = setters.find(key);
  return setter != setters.end() && setter->second(owner, value);
}

}  // namespace

bool set(Behaviour& behaviour, std::string_view key, const std::string& value) {
  static const std::map<std::string_view, Setter<Behaviour>> setters = {
      {"user", text(&Behaviour::user)},
      {"password", text(&Behaviour::password)},
      {"token_life", duration(&Behaviour::token_life)},
      {"default_password", flag(&Behaviour::default_password)},
      {"html_rejection", flag(&Behaviour::html_rejection)},
      {"max_bad_logins", number(&Behaviour::max_bad_logins)},
      {"limiter_window", duration(&Behaviour::limiter_window)},
      {"forbidden", text(&Behaviour::forbidden)},
      {"api_key", text(&Behaviour::api_key)},
      {"api_key_paths", text(&Behaviour::api_key_paths)},
      {"core_up", flag(&Behaviour::core_up)},
      {"multiconnect", flag(&Behaviour::multiconnect)},
      {"empty_maps", flag(&Behaviour::empty_maps)},
      {"unescaped_label", flag(&Behaviour::unescaped_label)},
      {"health", text(&Behaviour::health)},
      {"health_delay", duration(&Behaviour::health_delay)},
      {"client_certificate", flag(&Behaviour::client_certificate)},
  };
  return apply(setters, behaviour, key, value);
}

bool set(Provocation& provocation, std::string_view key, const std::string& value) {
  static const std::map<std::string_view, Setter<Provocation>> setters = {
      {"status", number(&Provocation::status)},
      {"body", text(&Provocation::body)},
      {"content_type", text(&Provocation::content_type)},
      {"header", addHeader},
      {"raw", text(&Provocation::raw)},
      {"megabytes", number(&Provocation::megabytes)},
      {"gzip", flag(&Provocation::gzip)},
      {"chunked", flag(&Provocation::chunked)},
      {"reset", flag(&Provocation::reset)},
      {"truncate", number(&Provocation::truncate)},
      {"stall", duration(&Provocation::stall)},
      {"stall_body", duration(&Provocation::stall_body)},
      {"times", number(&Provocation::times)},
  };
  return apply(setters, provocation, key, value);
}

}  // namespace postern::testing

#pragma once

#include <string>

#include "base/encoding.h"
#include "config/syntax.h"
#include "tls/certificate.h"
#include "unit/kube/api_fixture.h"

namespace postern::kube {

// The two objects with a webhook's certificate, as the API server stores them. Each write gives an
// object a new version; a write with an older version is a conflict.
class FakeObjects {
 public:
  FakeAnswer answer(const Asked& asked) {
    const bool of_secret = asked.path.find("/secrets") != std::string::npos;
    json& object = of_secret ? secret : webhook;
    if (before) std::exchange(before, nullptr)(asked);
    if (asked.method == "POST") return create(asked);
    if (object.is_null()) return refuses(404, "secrets \"postern-tls\" not found");
    if (asked.method == "GET") return {200, object};
    if (denied) return refuses(403, "secrets \"postern-tls\" is forbidden");
    const auto patch = json::parse(asked.body);
    if (patch["metadata"]["resourceVersion"] != object["metadata"]["resourceVersion"]) {
      return refuses(409, "the object has been modified");
    }
    if (of_secret) {
      object.merge_patch(patch);
    } else {
      for (const auto& change : patch["webhooks"]) {
        for (auto& entry : object["webhooks"]) {
          if (entry["name"] == change["name"]) entry.merge_patch(change);
        }
      }
    }
    touch(object);
    return {200, object};
  }

  static void touch(json& object) {
    const auto version = std::stoi(object["metadata"]["resourceVersion"].get<std::string>());
    object["metadata"]["resourceVersion"] = std::to_string(version + 1);
  }
  // The value at `key` of the Secret, and of the caBundle of a webhook entry.
  std::string data(const char* key) const {
    return decodeBase64(findText(secret, {"data", key})).value_or("no base64");
  }
  std::string bundle(std::size_t entry = 0) const {
    return decodeBase64(findText(webhook["webhooks"][entry], {"clientConfig", "caBundle"}))
        .value_or("no base64");
  }
  void put(const char* key, const std::string& value) {
    secret["data"][key] = encodeBase64(value);
    touch(secret);
  }

  json secret = {{"metadata", {{"name", "postern-tls"}, {"resourceVersion", "1"}}}};
  json webhook = {
      {"metadata", {{"name", "postern"}, {"resourceVersion", "7"}}},
      {"webhooks",
       {{{"name", "pods.postern.io"}, {"clientConfig", {{"service", {{"name", "postern"}}}}}},
        {{"name", "configs.postern.io"}, {"clientConfig", {{"service", {{"name", "postern"}}}}}}}}};
  bool denied = false;                       // every change
  std::function<void(const Asked&)> before;  // done once, before the next answer

 private:
  FakeAnswer create(const Asked& asked) {
    if (denied) return refuses(403, "secrets is forbidden");
    if (!secret.is_null()) return refuses(409, "secrets \"postern-tls\" already exists");
    secret = json::parse(asked.body);
    secret["metadata"]["resourceVersion"] = "1";
    return {201, secret};
  }
};

}  // namespace postern::kube

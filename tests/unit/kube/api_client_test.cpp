#include "kube/api_client.h"

#include <cstdlib>
#include <thread>

#include "unit/kube/api_fixture.h"

namespace postern::kube {
namespace {

class ApiClientTest : public ApiTest {};

TEST_F(ApiClientTest, AsksWithTheTokenOfTheServiceAccount) {
  answers([](const Asked&) { return FakeAnswer{200, {{"gitVersion", "v1.29.0"}}}; });

  const auto answer = api->fetch(get("/version"));

  ASSERT_TRUE(answer) << answer.error().what;
  EXPECT_EQ(findText(*answer, {"gitVersion"}), "v1.29.0");
  ASSERT_EQ(asked().size(), 1U);
  EXPECT_EQ(asked()[0].method, "GET");
  EXPECT_EQ(asked()[0].path, "/version");
  EXPECT_EQ(asked()[0].token, "Bearer first-token");
  EXPECT_EQ(asked()[0].accept, "application/json");
}

TEST_F(ApiClientTest, TakesUpATokenThatWasRenewed) {
  answers([](const Asked& asked) {
    return asked.token == "Bearer second-token" ? FakeAnswer{200, json::object()}
                                                : refuses(401, "Unauthorized");
  });
  const auto before = api->fetch(get("/version"));

  folder.write("token", "second-token");
  const auto after = api->fetch(get("/version"));

  ASSERT_FALSE(before);
  EXPECT_EQ(before.error().fault, Fault::Forbidden);
  EXPECT_TRUE(after) << after.error().what;
}

TEST_F(ApiClientTest, NamesAMissingToken) {
  std::filesystem::remove(folder.path() / "token");

  const auto answer = api->ask(get("/version"));

  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().fault, Fault::NoCredential);
  EXPECT_THAT(answer.error().what, HasSubstr("reading /version: " + folder.path().string()));
}

TEST_F(ApiClientTest, SaysWhatWasAskedAndWhatTheServerSays) {
  answers([](const Asked&) { return refuses(403, "nodes is forbidden: User \"x\" cannot list"); });

  const auto answer = api->fetch(get("/api/v1/nodes"));

  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().fault, Fault::Forbidden);
  EXPECT_EQ(answer.error().what,
            "reading /api/v1/nodes: the API server answered 403: grant the injector's service "
            "account this right (nodes is forbidden: User \"x\" cannot list)");
}

TEST_F(ApiClientTest, NeverRepeatsTheTokenInAnError) {
  const auto shows = [this](int status, const json& body) {
    answers([&](const Asked&) { return FakeAnswer{status, body}; });
    const auto answer = api->fetch(get("/version"));
    ASSERT_FALSE(answer);
    EXPECT_THAT(answer.error().what, Not(HasSubstr("first-token")));
  };

  shows(401, {{"message", "Unauthorized"}});
  shows(500, "no JSON");
  shows(200, "no JSON");
  shows(200, json::array());
}

TEST_F(ApiClientTest, RefusesAnAnswerThatIsTooLarge) {
  answers([](const Asked&) { return FakeAnswer{200, {{"text", std::string(2000, 'x')}}}; });
  auto request = get("/version");
  request.answer_limit = 1000;

  const auto answer = api->ask(request);

  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().fault, Fault::Limit);
}

TEST_F(ApiClientTest, LeavesOutWhatIsNotWanted) {
  answers([](const Asked&) {
    return FakeAnswer{200,
                      {{"a", {{"managedFields", {1, 2}}, {"name", "n"}}}, {"managedFields", 3}}};
  });
  auto request = get("/x");
  request.leave_out = {"managedFields"};

  const auto answer = api->fetch(request);

  ASSERT_TRUE(answer);
  EXPECT_EQ(*answer, json({{"a", {{"name", "n"}}}}));
}

TEST_F(ApiClientTest, CountsTheResultsOfItsRequests) {
  const auto counts = [this](const char* what, int status, const json& body, int expected = 0) {
    SCOPED_TRACE(what);
    answers([&](const Asked&) { return FakeAnswer{status, body}; });
    auto request = get("/version");
    request.expected = expected;
    request.answer_limit = 1000;
    const auto before = api->counts();
    const auto answer = api->ask(request);
    EXPECT_TRUE(!answer || answer->status == status);
    auto grown = api->counts();
    for (std::size_t i = 0; i < grown.size(); ++i) grown[i] -= before[i];
    return grown;
  };
  const ApiClient::RequestCounts ok{1, 0, 0};
  const ApiClient::RequestCounts refused{0, 1, 0};
  const ApiClient::RequestCounts failed{0, 0, 1};
  EXPECT_EQ(api->counts(), ApiClient::RequestCounts());

  EXPECT_EQ(counts("an answer", 200, json::object()), ok);
  EXPECT_EQ(counts("created", 201, json::object()), ok);
  EXPECT_EQ(counts("expected", 404, json::object(), 404), ok);

  EXPECT_EQ(counts("another status", 409, json::object(), 404), refused);
  EXPECT_EQ(counts("no right", 403, json::object()), refused);
  EXPECT_EQ(counts("broken", 500, "no JSON"), refused);

  EXPECT_EQ(counts("no JSON", 200, "no JSON"), failed);
  EXPECT_EQ(counts("too large", 200, {{"text", std::string(2000, 'x')}}), failed);
  std::filesystem::remove(folder.path() / "token");
  EXPECT_EQ(counts("no token", 200, json::object()), failed);
}

TEST_F(ApiClientTest, CountsAFetchOnce) {
  answers([](const Asked&) { return FakeAnswer{200, json::array()}; });
  EXPECT_FALSE(api->fetch(get("/version")));
  answers([](const Asked&) { return refuses(403, "no"); });
  EXPECT_FALSE(api->fetch(get("/version")));

  EXPECT_EQ(api->counts(), (ApiClient::RequestCounts{0, 1, 1}));
}

TEST_F(ApiClientTest, AnswersSeveralThreads) {
  answers([](const Asked& asked) { return FakeAnswer{200, {{"path", asked.path}}}; });
  std::vector<std::jthread> callers;
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([this, path = "/" + std::to_string(i)] {
      for (int j = 0; j < 5; ++j) {
        const auto answer = api->fetch(get(path));
        ASSERT_TRUE(answer) << answer.error().what;
        EXPECT_EQ(findText(*answer, {"path"}), path);
      }
    });
  }

  callers.clear();

  EXPECT_EQ(api->counts(), (ApiClient::RequestCounts{20, 0, 0}));
}

TEST_F(ApiClientTest, RefusesAServerOfAnotherAuthority) {
  folder.write("ca.crt", testing::makeAuthority("Other CA").certificate());

  const auto answer = api->ask(get("/version"));

  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().fault, Fault::Tls);
  EXPECT_TRUE(asked().empty());
}

TEST(InClusterUrlTest, IsInTheEnvironmentOfThePod) {
  const auto url = [](const char* host, const char* port) {
    setenv("KUBERNETES_SERVICE_HOST", host, 1);
    setenv("KUBERNETES_SERVICE_PORT", port, 1);
    const auto found = inClusterUrl();
    unsetenv("KUBERNETES_SERVICE_HOST");
    unsetenv("KUBERNETES_SERVICE_PORT");
    return found ? found->authority() : "none";
  };

  EXPECT_EQ(url("10.96.0.1", "443"), "10.96.0.1:443");
  EXPECT_EQ(url("fd00::1", "6443"), "[fd00::1]:6443");
  EXPECT_EQ(url("10.96.0.1", "https"), "none");
  EXPECT_EQ(url("10.96.0.1", "70000"), "none");
  EXPECT_EQ(url("", "443"), "none");
  EXPECT_FALSE(inClusterUrl());
}

}  // namespace
}  // namespace postern::kube

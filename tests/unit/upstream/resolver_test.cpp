#include "upstream/resolver.h"

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netdb.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

namespace {

// A name service that says nothing until it is told to.
struct NameService {
  std::mutex mutex;
  std::condition_variable changed;
  bool answers = false;
  int asked = 0;
};

NameService& service() {
  // Never destroyed: a lookup may still hang in it when the program ends.
  static auto* const instance = new NameService;
  return *instance;
}

}  // namespace

// Stands in front of the C library's for the names of this test.
extern "C" int getaddrinfo(const char* host, const char* port, const addrinfo* hints,
                           addrinfo** list) {
  using Real = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
  static const auto real = reinterpret_cast<Real>(dlsym(RTLD_NEXT, "getaddrinfo"));
  const bool looks_up = hints == nullptr || (hints->ai_flags & AI_NUMERICHOST) == 0;
  if (!looks_up || host == nullptr) return real(host, port, hints, list);
  std::unique_lock lock(service().mutex);
  ++service().asked;
  service().changed.notify_all();
  service().changed.wait(lock, [] { return service().answers; });
  if (std::string_view(host) == "absent.test") return EAI_NONAME;
  if (std::string_view(host) == "empty.test") return EAI_NODATA;
  if (std::string_view(host) == "failing.test") return EAI_AGAIN;
  if (std::string_view(host) == "refused.test") return EAI_FAIL;
  addrinfo numeric{};
  numeric.ai_flags = AI_NUMERICHOST;
  numeric.ai_socktype = SOCK_STREAM;
  return real("192.0.2.7", port, &numeric, list);
}

namespace postern::upstream {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

std::vector<std::string> texts(const Result<std::vector<Address>>& addresses) {
  std::vector<std::string> result;
  if (!addresses) return {std::string(faultName(addresses.error().fault))};
  for (const Address& address : *addresses) result.push_back(address.text());
  return result;
}

class ResolverTest : public ::testing::Test {
 protected:
  ResolverTest() { answers(false); }
  ~ResolverTest() override { answers(true); }

  static void answers(bool does) {
    const std::lock_guard lock(service().mutex);
    service().answers = does;
    service().asked = 0;
    service().changed.notify_all();
  }
  static void waitUntilAsked() {
    std::unique_lock lock(service().mutex);
    service().changed.wait(lock, [] { return service().asked > 0; });
  }
  static int asked() {
    const std::lock_guard lock(service().mutex);
    return service().asked;
  }
};

TEST_F(ResolverTest, NeedsNoLookupForNumbersAndLocalhost) {
  Resolver resolver;
  const auto resolves = [&resolver](const std::string& host, const auto& expected) {
    SCOPED_TRACE(host);
    EXPECT_THAT(texts(resolver.resolve(host, 443, deadlineIn(0ms))), expected);
  };

  resolves("127.0.0.1", ElementsAre("127.0.0.1:443"));
  resolves("::1", ElementsAre("[::1]:443"));
  resolves("2001:db8::7", ElementsAre("[2001:db8::7]:443"));
  resolves("localhost", ElementsAre("127.0.0.1:443", "[::1]:443"));
  resolves("LocalHost.", ElementsAre("127.0.0.1:443", "[::1]:443"));
  EXPECT_EQ(asked(), 0);
}

TEST_F(ResolverTest, LooksAnyOtherNameUp) {
  answers(true);
  Resolver resolver;

  EXPECT_THAT(texts(resolver.resolve("web.test", 8443, deadlineIn(10s))),
              ElementsAre("192.0.2.7:8443"));
  EXPECT_THAT(texts(resolver.resolve("localhost2", 8443, deadlineIn(10s))),
              ElementsAre("192.0.2.7:8443"));
}

TEST_F(ResolverTest, NamesTheNameThatDoesNotExist) {
  answers(true);
  Resolver resolver;

  const auto addresses = resolver.resolve("absent.test", 443, deadlineIn(10s));

  ASSERT_FALSE(addresses);
  EXPECT_EQ(addresses.error().fault, Fault::Resolve);
  EXPECT_THAT(addresses.error().what, HasSubstr("absent.test"));
}

TEST_F(ResolverTest, SaysInOurWordsWhyALookupFailed) {
  answers(true);
  Resolver resolver;
  struct FailedLookup {
    std::string host;
    std::string why;
  };

  for (const auto& [host, why] : {
           FailedLookup{"absent.test", "the name service does not know the name"},
           FailedLookup{"empty.test", "the name has no IPv4 or IPv6 address"},
           FailedLookup{"failing.test", "the name service cannot be reached, or fails for now"},
           FailedLookup{"refused.test", "the name service refuses the question"},
       }) {
    const auto addresses = resolver.resolve(host, 443, deadlineIn(10s));
    ASSERT_FALSE(addresses);
    EXPECT_THAT(addresses.error().what, HasSubstr("no address for " + host + ": " + why));
  }
}

TEST_F(ResolverTest, LeavesASilentNameServiceAtTheDeadline) {
  Resolver resolver;

  const auto addresses = resolver.resolve("web.test", 443, deadlineIn(20ms));

  ASSERT_FALSE(addresses);
  EXPECT_EQ(addresses.error().fault, Fault::Timeout);
  EXPECT_THAT(addresses.error().what, HasSubstr("web.test"));
}

TEST_F(ResolverTest, IsDestroyedWhileALookupHangs) {
  auto resolver = std::make_unique<Resolver>();
  EXPECT_FALSE(resolver->resolve("web.test", 443, deadlineIn(0ms)));
  waitUntilAsked();

  resolver.reset();

  EXPECT_EQ(asked(), 1);
}

TEST_F(ResolverTest, AsksOnceForAllWhoWaitForAName) {
  Resolver resolver;
  EXPECT_FALSE(resolver.resolve("web.test", 443, deadlineIn(0ms)));
  EXPECT_FALSE(resolver.resolve("web.test", 444, deadlineIn(0ms)));
  waitUntilAsked();
  std::atomic<int> good = 0;
  std::vector<std::jthread> waiting;
  for (int i = 0; i < 4; ++i) {
    waiting.emplace_back([&] {
      if (resolver.resolve("web.test", 443, deadlineIn(10s))) ++good;
    });
  }

  EXPECT_EQ(asked(), 1);
  answers(true);
  waiting.clear();

  EXPECT_EQ(good, 4);
}

}  // namespace
}  // namespace postern::upstream

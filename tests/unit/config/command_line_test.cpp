#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/config.h"
#include "config/flags.h"
#include "presets/registry.h"
#include "presets/spinnaker/product.h"

namespace postern::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Strings = std::vector<std::string>;

const std::string kUrl = "--target.url=https://localhost";

CommandLine accepted(const Strings& arguments, const Strings& environment = {}) {
  auto command_line = parseCommandLine(presets::products(), arguments, environment);
  for (const auto& error : command_line.errors) ADD_FAILURE() << error.text();
  return command_line;
}

// The errors, one a line.
std::string refused(const Strings& arguments, const Strings& environment = {}) {
  std::string text;
  for (const auto& error : parseCommandLine(presets::products(), arguments, environment).errors) {
    if (!text.empty()) text += '\n';
    text += error.text();
  }
  return text;
}

Options optionsOf(std::initializer_list<std::string> arguments, const Strings& environment = {}) {
  Strings all(arguments);
  all.push_back(kUrl);
  return accepted(all, environment).options;
}

TEST(CommandLineTest, HasDefaultsForEverythingButTheUrl) {
  const auto command_line = accepted({kUrl});

  EXPECT_EQ(command_line.command, Command::Run);
  EXPECT_THAT(command_line.warnings, IsEmpty());
  EXPECT_THAT(command_line.options.listen_addresses, ElementsAre(":3000"));
  ASSERT_TRUE(command_line.only_target);
  Target expected;
  expected.url.host = "localhost";
  expected.pages.emplace_back().path = "/metrics";
  EXPECT_TRUE(*command_line.only_target == expected);
}

TEST(CommandLineTest, ReadsTheFlagsOfTheDaemon) {
  const auto options = accepted({"--config.file",
                                 "a/b.yml",
                                 "--config.check",
                                 "--config.enable-auto-reload",
                                 "--config.auto-reload-interval=1m30s",
                                 "--web.listen-address=:1",
                                 "--web.listen-address",
                                 "[::1]:2",
                                 "--web.config.file=web.yml",
                                 "--web.key-password-file",
                                 "/run/password",
                                 "--web.enable-lifecycle",
                                 "--web.shutdown-timeout",
                                 "0s",
                                 "--state.dir=/state",
                                 "--page-template-limit=16MiB",
                                 "--timeout-offset=250ms",
                                 "--log.level=debug",
                                 "--log.format",
                                 "json",
                                 "--sandbox=auto"})
                           .options;

  EXPECT_EQ(options.config_file, "a/b.yml");
  EXPECT_TRUE(options.check);
  EXPECT_TRUE(options.enable_auto_reload);
  EXPECT_EQ(options.auto_reload_interval, seconds(90));
  EXPECT_THAT(options.listen_addresses, ElementsAre(":1", "[::1]:2"));
  EXPECT_EQ(options.web_config_file, "web.yml");
  EXPECT_EQ(options.web_key_password_file, "/run/password");
  EXPECT_TRUE(options.enable_lifecycle);
  EXPECT_EQ(options.shutdown_timeout, seconds(0));
  EXPECT_EQ(options.state_dir, "/state");
  EXPECT_EQ(options.page_template_limit, std::size_t{16} << 20);
  EXPECT_EQ(options.timeout_offset, milliseconds(250));
  EXPECT_EQ(options.log_level, log::LogLevel::Debug);
  EXPECT_EQ(options.log_format, log::LogFormat::Json);
  EXPECT_EQ(options.sandbox, SandboxMode::Auto);
}

TEST(CommandLineTest, KeepsWhichFilesAreToBeRead) {
  const auto read = [](const std::vector<std::string>& arguments) {
    return accepted(arguments).options.files;
  };

  EXPECT_THAT(read({"--config.file=a/b.yml", "--state.dir=/state"}), ElementsAre("a/b.yml"));
  EXPECT_THAT(read({kUrl, "--tls.dir=/tls", "--credentials.dir=secret"}),
              ElementsAre("/tls", "secret"));
}

TEST(CommandLineTest, ReadsTheFlagsOfTheWebListener) {
  const auto options = optionsOf({"--web.health-address=:1", "--web.health-address=[::1]:2",
                                  "--web.route-prefix=/a/", "--web.max-connections=12000",
                                  "--web.max-connections-per-address=4", "--web.header-timeout=1s",
                                  "--web.write-timeout=2s", "--web.idle-timeout=3s"});

  EXPECT_THAT(options.health_addresses, ElementsAre(":1", "[::1]:2"));
  EXPECT_EQ(options.route_prefix, "/a");
  EXPECT_EQ(options.max_connections, 12000U);
  EXPECT_EQ(options.max_connections_per_address, 4U);
  EXPECT_EQ(options.header_timeout, seconds(1));
  EXPECT_EQ(options.write_timeout, seconds(2));
  EXPECT_EQ(options.idle_timeout, seconds(3));
  EXPECT_EQ(optionsOf({"--web.route-prefix=/"}).route_prefix, "");
  EXPECT_EQ(refused({kUrl, "--web.route-prefix=a"}),
            "--web.route-prefix: does not begin with a slash, expected a path like /metrics");
  EXPECT_EQ(refused({kUrl, "--web.max-connections=0"}),
            "--web.max-connections: 0 is out of range, expected 1 to 1000000");
}

TEST(CommandLineTest, WantsAWebConfigurationForTheKeysPassword) {
  EXPECT_EQ(refused({kUrl, "--web.key-password-file=password"}),
            "--web.key-password-file: is set without --web.config.file, expected both");
}

TEST(CommandLineTest, ReadsTheFlagsOfTheOnlyTarget) {
  const auto command_line =
      accepted({"--target.name=447418342132", "--target.url", "https://localhost:8443/wa",
                "--target.preset=whatsapp", "--target.server-name=whatsapp-web",
                "--target.scrape-timeout=5s", "--tls.dir=tls", "--credentials.dir=/credentials"});

  ASSERT_TRUE(command_line.only_target);
  const auto& target = *command_line.only_target;
  EXPECT_EQ(target.name, "447418342132");
  EXPECT_EQ(target.preset, "whatsapp");
  EXPECT_TRUE((target.url == Url{"localhost", 8443, "/wa"}));
  EXPECT_EQ(target.scrape_timeout, seconds(5));
  EXPECT_EQ(target.tls.server_name, "whatsapp-web");
  EXPECT_EQ(target.tls.ca_file, "tls/ca.crt");
  EXPECT_EQ(target.tls.cert_file, "tls/tls.crt");
  EXPECT_EQ(target.tls.key_file, "tls/tls.key");
  EXPECT_TRUE(target.tls.optional_files);
  EXPECT_EQ(target.credentials->file->directory, "/credentials");
  EXPECT_TRUE(target.login);
  EXPECT_EQ(target.pages.size(), 4U);
}

TEST(CommandLineTest, TakesTheCredentialOfTheOnlyTargetFromADatabase) {
  const auto command_line = accepted({kUrl, "--target.preset=whatsapp", "--mysql.dir=/mysql"});
  const auto& credentials = *command_line.only_target->credentials;
  EXPECT_FALSE(credentials.file);
  EXPECT_EQ(credentials.mysql->directory, "/mysql");
  EXPECT_EQ(credentials.mysql->port, 3306);
  EXPECT_THAT(command_line.options.files, ElementsAre("/mysql"));
  EXPECT_EQ(refused({kUrl, "--mysql.dir=/mysql", "--credentials.dir=/credentials"}),
            "--mysql.dir: excludes --credentials.dir, expected one of them");
}

TEST(CommandLineTest, TakesTheCaOfTheOnlyTargetFromElsewhere) {
  const auto tls = [](std::vector<std::string> flags) {
    flags.emplace_back(kUrl);
    return accepted(flags).only_target->tls;
  };
  const auto both = tls({"--tls.dir=/tls", "--tls.ca-file=/ca/ca.crt"});
  EXPECT_EQ(both.ca_file, "/ca/ca.crt");
  EXPECT_EQ(both.cert_file, "/tls/tls.crt");
  EXPECT_TRUE(both.optional_files);
  EXPECT_TRUE(both.needs_ca) << "a named file must exist";
  const auto alone = tls({"--tls.ca-file=/ca/ca.crt"});
  EXPECT_EQ(alone.ca_file, "/ca/ca.crt");
  EXPECT_EQ(alone.cert_file, "");
  EXPECT_FALSE(tls({"--tls.dir=/tls"}).needs_ca);
  EXPECT_EQ(tls({"--tls.ca-file=/ca/ca.crt", "--target.spiffe-id=spiffe://example.org/a"}).ca_file,
            "/ca/ca.crt");
}

TEST(CommandLineTest, AwaitsTheConfigurationOnRequest) {
  EXPECT_FALSE(optionsOf({}).await);
  EXPECT_TRUE(optionsOf({"--config.await"}).await);
  EXPECT_FALSE(optionsOf({"--config.await=false"}).await);
  EXPECT_TRUE(accepted({"--config.file=none.yml", "--config.await"}).options.await);
}

TEST(CommandLineTest, ReadsTheFlagsOfTheOnlyTargetsMaterial) {
  const auto tls = [](std::vector<std::string> flags) {
    flags.emplace_back("--target.url=https://localhost");
    return accepted(flags).only_target->tls;
  };

  const auto bundle = tls({"--tls.dir=tls", "--tls.pkcs12-file=a.p12", "--tls.system-roots",
                           "--tls.key-password-file=password"});
  EXPECT_EQ(bundle.pkcs12_file, "a.p12");
  EXPECT_EQ(bundle.key_password_file, "password");
  EXPECT_EQ(bundle.ca_file, "tls/ca.crt");
  EXPECT_EQ(bundle.cert_file, "");
  EXPECT_EQ(bundle.key_file, "");
  EXPECT_TRUE(bundle.system_roots);
  const auto spiffe = tls({"--tls.dir=tls", "--target.spiffe-id=spiffe://example.org/web"});
  EXPECT_EQ(spiffe.spiffe_id, "spiffe://example.org/web");
  EXPECT_EQ(spiffe.cert_file, "tls/tls.crt");
}

TEST(CommandLineTest, PresetSpinnakerNeedsNothingButTheUrl) {
  const auto command_line = accepted({kUrl, "--target.preset=spinnaker"});

  ASSERT_TRUE(command_line.only_target);
  const auto& target = *command_line.only_target;
  EXPECT_EQ(target.preset, "spinnaker");
  EXPECT_FALSE(target.login);
  ASSERT_EQ(target.pages.size(), 1U);
  EXPECT_EQ(target.pages[0].path, "/spectator/metrics");
  EXPECT_EQ(target.pages[0].format, presets::spinnaker::kSpectatorFormat);
}

TEST(CommandLineTest, SwitchesMayTakeAValue) {
  EXPECT_TRUE(optionsOf({"--config.check"}).check);
  EXPECT_TRUE(optionsOf({"--config.check=true"}).check);
  EXPECT_FALSE(optionsOf({"--config.check=false"}).check);
  EXPECT_FALSE(optionsOf({"--config.check", "false"}).check);
  EXPECT_EQ(refused({kUrl, "--config.check", "serve"}),
            "--config.check: is neither true nor false, expected one of them");
}

TEST(CommandLineTest, EveryFlagHasAVariable) {
  const auto one = accepted(
      {}, {"POSTERN_CONFIG_FILE=a.yml", "POSTERN_CONFIG_CHECK=true",
           "POSTERN_CONFIG_ENABLE_AUTO_RELOAD=true", "POSTERN_CONFIG_AUTO_RELOAD_INTERVAL=2m",
           "POSTERN_WEB_LISTEN_ADDRESS=:1,localhost:2", "POSTERN_WEB_ENABLE_LIFECYCLE=true",
           "POSTERN_WEB_SHUTDOWN_TIMEOUT=3s", "POSTERN_STATE_DIR=/state",
           "POSTERN_TIMEOUT_OFFSET=1s", "POSTERN_LOG_LEVEL=error", "POSTERN_LOG_FORMAT=json"});
  const auto two = accepted({}, {"POSTERN_TARGET_NAME=a", "POSTERN_TARGET_URL=https://localhost",
                                 "POSTERN_TARGET_PRESET=whatsapp", "POSTERN_TARGET_SERVER_NAME=b",
                                 "POSTERN_TARGET_SCRAPE_TIMEOUT=4s", "POSTERN_TLS_DIR=tls",
                                 "POSTERN_CREDENTIALS_DIR=credentials"});

  EXPECT_EQ(one.options.config_file, "a.yml");
  EXPECT_TRUE(one.options.check);
  EXPECT_TRUE(one.options.enable_auto_reload);
  EXPECT_EQ(one.options.auto_reload_interval, minutes(2));
  EXPECT_THAT(one.options.listen_addresses, ElementsAre(":1", "localhost:2"));
  EXPECT_TRUE(one.options.enable_lifecycle);
  EXPECT_EQ(one.options.shutdown_timeout, seconds(3));
  EXPECT_EQ(one.options.state_dir, "/state");
  EXPECT_EQ(one.options.timeout_offset, seconds(1));
  EXPECT_EQ(one.options.log_level, log::LogLevel::Error);
  EXPECT_EQ(one.options.log_format, log::LogFormat::Json);
  EXPECT_EQ(two.only_target->name, "a");
  EXPECT_EQ(two.only_target->preset, "whatsapp");
  EXPECT_EQ(two.only_target->tls.server_name, "b");
  EXPECT_EQ(two.only_target->scrape_timeout, seconds(4));
  EXPECT_EQ(two.only_target->tls.key_file, "tls/tls.key");
  EXPECT_EQ(two.only_target->credentials->file->directory, "credentials");
}

TEST(CommandLineTest, AFlagWinsOverItsVariable) {
  const auto options =
      optionsOf({"--log.level=warn", "--web.listen-address=:1"},
                {"POSTERN_LOG_LEVEL=nonsense", "POSTERN_WEB_LISTEN_ADDRESS=:2,:3"});

  EXPECT_EQ(options.log_level, log::LogLevel::Warn);
  EXPECT_THAT(options.listen_addresses, ElementsAre(":1"));
}

TEST(CommandLineTest, AnEmptyVariableCountsAsNone) {
  EXPECT_EQ(optionsOf({}, {"POSTERN_LOG_LEVEL="}).log_level, log::LogLevel::Info);
}

TEST(CommandLineTest, HonoursPortWhenNoAddressIsGiven) {
  EXPECT_THAT(optionsOf({}, {"PORT=8080"}).listen_addresses, ElementsAre(":8080"));
  EXPECT_THAT(optionsOf({"--web.listen-address=:1"}, {"PORT=x"}).listen_addresses,
              ElementsAre(":1"));
  EXPECT_THAT(optionsOf({}, {"PORT="}).listen_addresses, ElementsAre(":3000"));
  EXPECT_EQ(refused({kUrl}, {"PORT=http"}),
            "PORT: \"http\" is not a whole number, expected 0 to 65535");
}

TEST(CommandLineTest, WarnsAboutUnknownVariables) {
  const auto command_line = accepted(
      {kUrl}, {"POSTERN_TARGET_URI=https://a", "POSTERN_HELP=true", "OTHER=1", "POSTERNS=1"});

  EXPECT_THAT(
      command_line.warnings,
      ElementsAre("POSTERN_TARGET_URI is not a variable of postern and is ignored, the "
                  "nearest is POSTERN_TARGET_URL",
                  "POSTERN_HELP is not a variable of postern and is ignored, the nearest is "
                  "POSTERN_SANDBOX"));
}

TEST(CommandLineTest, IgnoresTheVariablesOfAKubernetesService) {
  const auto command_line = accepted(
      {kUrl},
      {"POSTERN_PORT=tcp://10.0.0.1:3000", "POSTERN_PORT_3000_TCP_ADDR=10.0.0.1",
       "POSTERN_SERVICE_HOST=10.0.0.1", "POSTERN_SERVICE_PORT_HTTP=3000",
       "POSTERN_INJECTOR_PORT=tcp://10.0.0.2:443", "POSTERN_INJECTOR_PORT_443_TCP_ADDR=10.0.0.2",
       "POSTERN_INJECTOR_SERVICE_HOST=10.0.0.2", "POSTERN_INJECTOR_SERVICE_PORT_HTTPS=443"});

  EXPECT_THAT(command_line.warnings, IsEmpty());
  EXPECT_THAT(command_line.options.listen_addresses, ElementsAre(":3000"));
}

TEST(CommandLineTest, RefusesWrongFlags) {
  const auto refuses = [](const Strings& arguments, const std::string& error) {
    SCOPED_TRACE(::testing::PrintToString(arguments));
    EXPECT_EQ(refused(arguments), error);
  };

  // Syntax
  refuses({kUrl, "--target.ulr=https://a:hunter2@b"},
          "--target.ulr: unknown flag, the nearest is --target.url (see --help)");
  refuses({kUrl, "--tls-dir", "tls"},
          "--tls-dir: unknown flag, the nearest is --tls.dir (see --help)");
  refuses({kUrl, "--log.lev=info"},
          "--log.lev: unknown flag, the nearest is --log.level (see --help)");
  refuses({kUrl, "serve"},
          "command line: an argument is not a flag, expected only flags (see --help)");
  refuses({kUrl, "-h"},
          "command line: an argument is not a flag, expected only flags (see --help)");
  refuses({kUrl, "--", "x"},
          "command line: an argument is not a flag, expected only flags (see --help)");
  refuses({"--="},
          "command line: an argument is not a flag, expected only flags (see --help)\n"
          "command line: no target, expected --target.url or --config.file");
  refuses({kUrl, "--state.dir"}, "--state.dir: has no value, expected one after it");
  refuses({kUrl, "--state.dir="}, "--state.dir: has no value, expected one after it");
  refuses({kUrl, "--state.dir", "--config.check"},
          "--state.dir: has no value, expected one after it");
  refuses({kUrl, "--tls.dir=a", "--tls.dir=b"}, "--tls.dir: is given twice, expected once");
  // Flags that exclude each other
  refuses({kUrl, "--tls.key-password-file=a"},
          "--tls.key-password-file: is set without a key, expected --tls.dir or --tls.pkcs12-file");
  refuses(
      {kUrl, "--target.spiffe-id=spiffe://a/b"},
      "--target.spiffe-id: is set without --tls.dir or --tls.ca-file, expected the bundle of its "
      "trust domain there");
  refuses({kUrl, "--tls.dir=a", "--target.spiffe-id=spiffe://a/b", "--target.server-name=a"},
          "--target.spiffe-id: excludes --target.server-name, expected one of them");
  refuses({kUrl, "--tls.dir=a", "--target.spiffe-id=spiffe://a/b", "--tls.system-roots"},
          "--tls.system-roots: excludes --target.spiffe-id: only the bundle of its trust domain "
          "may verify the server");
  // Values
  refuses({kUrl, "--log.level=trace"},
          "--log.level: is unknown, expected one of debug, info, warn, error");
  refuses({kUrl, "--log.format=xml"}, "--log.format: is unknown, expected one of logfmt, json");
  refuses({kUrl, "--sandbox=true"}, "--sandbox: is unknown, expected one of off, auto, on");
  refuses({kUrl, "--page-template-limit=2GiB"},
          "--page-template-limit: 2GiB is out of range, expected 0B to 1GiB");
  refuses({kUrl, "--timeout-offset=2m"}, "--timeout-offset: 2m is out of range, expected 0s to 1m");
  refuses({kUrl, "--config.auto-reload-interval=0"},
          "--config.auto-reload-interval: 0s is out of range, expected 1s to 1h");
  refuses({kUrl, "--web.shutdown-timeout=ten"},
          "--web.shutdown-timeout: \"ten\" is not a duration, expected one like 1m30s or 250ms");
  refuses({kUrl, "--state.dir=a\nb"},
          "--state.dir: holds a control character, expected text of one line");
  // The single target
  refuses({}, "command line: no target, expected --target.url or --config.file");
  refuses({"--target.url=http://a"},
          "--target.url: does not begin with https://, expected a URL like https://localhost:443");
  refuses({"--target.url=https://admin:hunter2@a"},
          "--target.url: holds a user or password, expected them in basic_auth or credentials");
  refuses({"--target.url=http://admin:hunter2@a"},
          "--target.url: does not begin with https://, expected a URL like https://localhost:443");
  refuses({kUrl, "--target.name=a/b"},
          "--target.name: \"a/b\" is not a target's name, expected 1 to 63 of A-Z a-z 0-9 . _ -");
  refuses({kUrl, "--target.preset=x"},
          "--target.preset: is unknown, expected none, spinnaker or whatsapp");
  refuses({kUrl, "--target.preset=whatsapp"},
          "--target.preset: needs credentials for its login, expected --credentials.dir or "
          "--mysql.dir");
  refuses({kUrl, "--target.server-name=a:1"},
          "--target.server-name: is not a host, expected a name or an address without a port");
  refuses({kUrl, "--target.scrape-timeout=0s"},
          "--target.scrape-timeout: 0s is out of range, expected 10ms to 10m");
  refuses({kUrl, "--config.file=a.yml"},
          "--target.url: cannot be combined with --config.file, expected it in the targets of that "
          "file");
}

TEST(CommandLineTest, RefusesVariablesOfATargetBesideAFile) {
  EXPECT_EQ(refused({"--config.file=a.yml"}, {"POSTERN_TLS_DIR=tls"}),
            "POSTERN_TLS_DIR: cannot be combined with --config.file, expected it in the targets of "
            "that file");
}

TEST(CommandLineTest, RefusesWrongListenAddresses) {
  const auto refuses = [](const std::string& address, const std::string& error) {
    EXPECT_EQ(refused({kUrl, "--web.listen-address=" + address}), "--web.listen-address: " + error);
  };

  refuses("localhost", "has no port, expected host:port, [IPv6]:port or :port");
  refuses("::1:3000", "is not an address, expected host:port, [IPv6]:port or :port");
  refuses("[::1:3000", "is not an address, expected host:port, [IPv6]:port or :port");
  refuses("[::g]:3000", "has no IPv6 address in its brackets, expected one like [::1]");
  refuses("a b:3000", "has no valid host, expected host:port, [IPv6]:port or :port");
  refuses(":65536", "has an invalid port: 65536 is out of range, expected 0 to 65535");
}

TEST(CommandLineTest, ReportsEveryMistakeAtOnce) {
  EXPECT_EQ(refused({"--log.level", "--tls.dir=", "--log.format=xml", "--log.levell"},
                    {"POSTERN_TIMEOUT_OFFSET=x"}),
            "--log.level: has no value, expected one after it\n"
            "--tls.dir: has no value, expected one after it\n"
            "--log.levell: unknown flag, the nearest is --log.level (see --help)\n"
            "POSTERN_TIMEOUT_OFFSET: \"x\" is not a duration, expected one like 1m30s or 250ms\n"
            "--log.format: is unknown, expected one of logfmt, json\n"
            "command line: no target, expected --target.url or --config.file");
}

TEST(CommandLineTest, CheckTakesTheFlagsOfTheDaemonAndItsOwn) {
  const auto plain = accepted({"check", kUrl, "--state.dir=/state"});
  EXPECT_EQ(plain.command, Command::Check);
  EXPECT_EQ(plain.options.state_dir, "/state");
  EXPECT_FALSE(plain.check.json || plain.check.live || plain.check.no_login);

  const auto all = accepted({"check", "--config.file=a.yml", "--target=b", "--no-login", "--json"});
  EXPECT_EQ(all.target, "b");
  EXPECT_TRUE(all.check.json && all.check.no_login && !all.check.live);

  const auto live = accepted({"check", "--live", "--web.health-address=:1"});
  EXPECT_TRUE(live.check.live) << "needs no target";

  EXPECT_EQ(refused({kUrl, "--json", "--target=a"}),
            "--target: is for the commands rules and check, expected --target.name or one of them\n"
            "--json: is for the command check, expected postern check");
  EXPECT_EQ(
      refused({"check", "--live", "--no-login"}),
      "--no-login: cannot be combined with --live, which only asks whether the daemon is healthy");
  EXPECT_THAT(refused({"check"}), HasSubstr("kubectl exec sees the environment"));
}

TEST(CommandLineTest, InjectTakesFlagsOfItsOwn) {
  const auto command_line = accepted(
      {"inject", "--tls.dir=/tls", "--inject.image=registry.example/postern:2",
       "--inject.allowed-images=a/*", "--inject.allowed-images=b/*", "--native-sidecar=false",
       "--inject.locked-annotations=tls-secret", "--inject.locked-annotations=config-map",
       "--inject.allowed-target-hosts=*.Example.com.", "--inject.allowed-target-hosts=2001:db8::1",
       "--inject.default=preset=whatsapp", "--inject.default=target-url=https://a?b=c",
       "--inject.namespace=monitoring", "--kube.api-server=https://10.0.0.1",
       "--kube.token-file=/token", "--kube.ca-file=/ca.crt"},
      {"POSTERN_INJECT_SECRET=own", "POSTERN_INJECT_WEBHOOK=postern.example"});

  EXPECT_EQ(command_line.command, Command::Inject);
  EXPECT_THAT(command_line.options.listen_addresses, ElementsAre(":8443"));
  EXPECT_THAT(command_line.options.health_addresses, ElementsAre(":8080"));
  EXPECT_THAT(command_line.options.files, ElementsAre("/tls", "/token", "/ca.crt"));
  const auto& inject = command_line.inject;
  EXPECT_EQ(inject.tls_dir, "/tls");
  EXPECT_EQ(inject.image, "registry.example/postern:2");
  EXPECT_THAT(inject.allowed_images, ElementsAre("a/*", "b/*"));
  EXPECT_THAT(inject.locked_annotations, ElementsAre("tls-secret", "config-map"));
  EXPECT_THAT(inject.allowed_target_hosts, ElementsAre("*.Example.com.", "2001:db8::1"));
  EXPECT_THAT(accepted({"inject", "--pod=-"}, {"POSTERN_INJECT_ALLOWED_TARGET_HOSTS=a,10.0.0.1"})
                  .inject.allowed_target_hosts,
              ElementsAre("a", "10.0.0.1"));
  EXPECT_THAT(accepted({"inject", "--pod=-"}, {"POSTERN_INJECT_LOCKED_ANNOTATIONS=port,image"})
                  .inject.locked_annotations,
              ElementsAre("port", "image"));
  EXPECT_EQ(inject.native_sidecar, NativeSidecar::No);
  EXPECT_THAT(inject.defaults, ElementsAre(std::pair("preset", "whatsapp"),
                                           std::pair("target-url", "https://a?b=c")));
  EXPECT_EQ(inject.namespace_, "monitoring");
  EXPECT_EQ(inject.secret, "own");
  EXPECT_EQ(inject.webhook, "postern.example");
  EXPECT_EQ(inject.api_server->authority(), "10.0.0.1:443");
  EXPECT_EQ(inject.certificate_life, std::chrono::hours(24 * 90));
  EXPECT_EQ(accepted({"inject", "--tls.dir=/tls", "--inject.certificate-life=1d"})
                .inject.certificate_life,
            std::chrono::hours(24));
  EXPECT_TRUE(inject.count_missed_pods);
  EXPECT_FALSE(accepted({"inject", "--tls.dir=/tls", "--inject.count-missed-pods=false"})
                   .inject.count_missed_pods);
  EXPECT_EQ(accepted({"inject", "--pod=-"}).inject.pod_file, "-");
  EXPECT_THAT(accepted({"inject", "--tls.dir=/tls"}).inject.image,
              ::testing::StartsWith("postern:"));
}

TEST(CommandLineTest, InjectRefusesWhatIsNotForIt) {
  const auto refuses = [](const Strings& arguments, const std::string& what) {
    EXPECT_THAT(refused(arguments), HasSubstr(what));
  };

  refuses({"inject"}, "no serving certificate, expected --tls.dir, or --inject.secret");
  refuses({"inject", "--inject.secret=a", "--inject.webhook=b"}, "no serving certificate");
  EXPECT_EQ(refused({"inject", "--inject.secret=a", "--inject.webhook=b", "--inject.service=c"}),
            "");
  refuses({"inject", "--pod=-", kUrl}, "--target.url: is not allowed with postern inject");
  refuses({"inject", "--pod=-", "--web.config.file=a"}, "--web.config.file: is not allowed with");
  refuses({"inject", "--pod=-", "--live"}, "--live: is not allowed with postern inject");
  refuses({"inject", "--pod=-", "--inject.default=preset"}, "is not KEY=VALUE");
  refuses({"inject", "--pod=-", "--inject.secret=A b"}, "is not the name of a Kubernetes object");
  refuses({"inject", "--pod=-", "--native-sidecar=yes"}, "expected one of auto, true, false");
  refuses({"inject", "--pod=-", "--inject.count-missed-pods=no"}, "is neither true nor false");
  refuses({kUrl, "--inject.count-missed-pods"}, "is for the command inject, expected postern");
  refuses({kUrl, "--inject.image=a"}, "is for the command inject, expected postern inject");
  refuses({kUrl, "--inject.locked-annotations=port"},
          "is for the command inject, expected postern");
  refuses({kUrl, "--pod=a"}, "is for the command inject, expected postern inject");
}

TEST(CommandLineTest, InjectRefusesWhatIsNoHost) {
  for (const char* host : {"",
                           "*",
                           "*.",
                           "*.*.example.com",
                           "a.*.example.com",
                           "*example.com",
                           "https://example.com",
                           "example.com:443",
                           "example.com/a",
                           "[::1]",
                           "*.::1",
                           "*.0.0.1",
                           "*.1.",
                           "*.example.1",
                           "a b",
                           "user@example.com",
                           "ex\xc3\xa4mple.com",
                           "a,b",
                           ".example.com",
                           "%65xample.com"}) {
    EXPECT_THAT(
        refused({"inject", "--pod=-", std::string("--inject.allowed-target-hosts=") + host}),
        AllOf(HasSubstr("--inject.allowed-target-hosts: "), HasSubstr("expected ")))
        << host;
  }
  EXPECT_EQ(refused({"inject", "--pod=-", "--inject.allowed-target-hosts=a:1"}),
            "--inject.allowed-target-hosts: \"a:1\" is not a host, expected a name, *.NAME or an "
            "address, without brackets, port and path");
  EXPECT_THAT(refused({kUrl, "--inject.allowed-target-hosts=a"}), HasSubstr("is for the command"));
}

TEST(CommandLineTest, HelpAndVersionNeedNothingElse) {
  EXPECT_EQ(accepted({"--help"}).command, Command::Help);
  EXPECT_EQ(accepted({"--version"}).command, Command::Version);
  EXPECT_EQ(accepted({"--help", "--version", "--nonsense"}).command, Command::Help);
}

TEST(CommandLineTest, HelpNamesEveryFlagAndItsVariable) {
  const auto help = helpText(presets::products());
  EXPECT_GT(flags().size(), 50U);
  for (const Flag& flag : flags()) {
    EXPECT_THAT(help, HasSubstr("  --" + std::string(flag.name)));
    EXPECT_EQ(help.find("$" + variableName(flag.name) + "\n") != std::string::npos,
              flag.in_environment)
        << flag.name;
  }
  EXPECT_TRUE(help.ends_with('\n'));
}

}  // namespace
}  // namespace postern::config

#include "fakes/mariadb.h"

#include <fcntl.h>
#include <mysql.h>
#include <netinet/in.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>

namespace postern::testing {
namespace {

constexpr int kStartMillis = 60'000;

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error("MariaDB: " + what);
}

class Socket {
 public:
  Socket(int family, int type) : fd_(::socket(family, type | SOCK_CLOEXEC, 0)) {
    if (fd_ < 0) fail("no socket");
  }
  ~Socket() { ::close(fd_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int fd() const { return fd_; }

  void bindTo(const std::string& path) const {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof(address.sun_path)) fail("socket name too long: " + path);
    std::memcpy(address.sun_path, path.c_str(), path.size());
    ::unlink(path.c_str());
    bindTo(address);
  }
  // 0: a free port. Returns the port.
  std::uint16_t bindTo(std::uint16_t port) const {
    const int on = 1;
    ::setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bindTo(address);
    socklen_t size = sizeof(address);
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    return ntohs(address.sin_port);
  }

 private:
  template <typename Address>
  void bindTo(const Address& address) const {
    if (::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
      fail(std::string("bind: ") + std::strerror(errno));
    }
  }

  int fd_;
};

std::string userName() {
  const auto* user = ::getpwuid(::geteuid());
  return user ? user->pw_name : "root";
}

// `inherited` become the descriptors from 3 on.
pid_t spawn(const std::vector<std::string>& arguments, const std::vector<std::string>& variables,
            const std::string& log, const std::vector<int>& inherited) {
  const auto pointers = [](const std::vector<std::string>& strings) {
    std::vector<char*> all;
    for (const auto& string : strings) all.push_back(const_cast<char*>(string.c_str()));
    return all;
  };
  auto argv = pointers(arguments);
  argv.push_back(nullptr);
  auto environment = pointers(variables);
  for (char** variable = environ; *variable; ++variable) environment.push_back(*variable);
  environment.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::posix_spawn_file_actions_adddup2(&actions, 1, 2);
  // First to high numbers, so that none overwrites another.
  for (int i = 0; const int fd : inherited) {
    ::posix_spawn_file_actions_adddup2(&actions, fd, 100 + i++);
  }
  for (int i = 0; i < static_cast<int>(inherited.size()); ++i) {
    ::posix_spawn_file_actions_adddup2(&actions, 100 + i, 3 + i);
    ::posix_spawn_file_actions_addclose(&actions, 100 + i);
  }
  pid_t pid = 0;
  const int error =
      ::posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environment.data());
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) fail(arguments[0] + ": " + std::strerror(error));
  return pid;
}

}  // namespace

MariaDb::MariaDb(const Identity& server, const Identity& authority)
    : data_(folder_.path() / "data"), socket_(folder_.path() / "socket") {
  folder_.write("ca.crt", authority.certificate());
  folder_.write("tls.crt", server.certificate());
  folder_.write("tls.key", server.key());
  const pid_t installer =
      spawn({"mariadb-install-db", "--no-defaults", "--datadir=" + data_, temporaryTables(),
             "--skip-test-db", "--auth-root-authentication-method=normal", "--user=" + userName()},
            {}, folder_.path() / "log", {});
  int status = 0;
  ::waitpid(installer, &status, 0);
  if (status != 0) fail("mariadb-install-db failed: " + logEnd());
  start();
}

// At its start a server removes the temporary tables of all servers that share the folder.
std::string MariaDb::temporaryTables() const {
  return "--tmpdir=" + folder_.path().string();
}

MariaDb::~MariaDb() {
  stop();
}

void MariaDb::start(const std::vector<std::string>& options) {
  const Socket notifications(AF_UNIX, SOCK_DGRAM);
  const std::string notify = folder_.path() / "notify";
  notifications.bindTo(notify);
  // The server inherits listening sockets (systemd's protocol), so no other process can take the
  // chosen port meanwhile.
  const Socket tcp(AF_INET, SOCK_STREAM);
  const Socket local(AF_UNIX, SOCK_STREAM);
  port_ = tcp.bindTo(port_);
  local.bindTo(socket_);
  if (::listen(tcp.fd(), 64) != 0 || ::listen(local.fd(), 64) != 0) fail("listen");
  const auto file = [&](const char* name) { return (folder_.path() / name).string(); };
  std::vector<std::string> arguments = {"sh",
                                        "-c",
                                        "LISTEN_PID=$$ exec setpriv --pdeathsig KILL \"$0\" \"$@\"",
                                        "mariadbd",
                                        "--no-defaults",
                                        "--user=" + userName(),
                                        "--datadir=" + data_,
                                        temporaryTables(),
                                        "--socket=" + socket_,
                                        "--pid-file=" + file("pid"),
                                        "--skip-name-resolve",
                                        "--innodb-buffer-pool-size=32M",
                                        "--innodb-flush-log-at-trx-commit=0",
                                        "--ssl-ca=" + file("ca.crt"),
                                        "--ssl-cert=" + file("tls.crt"),
                                        "--ssl-key=" + file("tls.key")};
  arguments.insert(arguments.end(), options.begin(), options.end());
  pid_ = spawn(arguments, {"NOTIFY_SOCKET=" + notify, "LISTEN_FDS=2"}, file("log"),
               {tcp.fd(), local.fd()});
  waitUntilReady(notifications.fd());
}

void MariaDb::waitUntilReady(int notifications) const {
  std::array<char, 4096> bytes{};
  for (;;) {
    pollfd waiting{notifications, POLLIN, 0};
    if (::poll(&waiting, 1, kStartMillis) != 1) fail("does not start: " + logEnd());
    const auto got = ::recv(notifications, bytes.data(), bytes.size(), 0);
    const std::string_view text(bytes.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
    if (text.find("READY=1") != std::string_view::npos) return;
  }
}

void MariaDb::stop() {
  if (pid_ == 0) return;
  ::kill(pid_, SIGTERM);
  ::waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

std::vector<std::string> MariaDb::firstColumn(const std::string& sql) const {
  const std::unique_ptr<MYSQL, decltype(&mysql_close)> mysql(mysql_init(nullptr), mysql_close);
  mysql_options(mysql.get(), MYSQL_SET_CHARSET_NAME, "utf8mb4");
  if (!mysql_real_connect(mysql.get(), nullptr, "root", nullptr, "mysql", 0, socket_.c_str(), 0) ||
      mysql_real_query(mysql.get(), sql.data(), sql.size()) != 0) {
    fail(std::string(mysql_error(mysql.get())) + " in: " + sql);
  }
  std::vector<std::string> values;
  const std::unique_ptr<MYSQL_RES, decltype(&mysql_free_result)> result(
      mysql_store_result(mysql.get()), mysql_free_result);
  if (!result) return values;  // without SELECT
  while (const MYSQL_ROW row = mysql_fetch_row(result.get())) {
    values.emplace_back(row[0] ? row[0] : "");
  }
  return values;
}

std::string MariaDb::logEnd() const {
  std::ifstream log(folder_.path() / "log");
  const std::string text{std::istreambuf_iterator<char>(log), {}};
  return text.substr(text.size() - std::min<std::size_t>(text.size(), 2000));
}

}  // namespace postern::testing

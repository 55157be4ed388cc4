#include "upstream/connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "async/borrowed_socket.h"
#include "async/loop.h"
#include "async/offload.h"
#include "base/secret.h"

namespace postern::upstream {
namespace {

constexpr std::size_t kInputBlock = 64U << 10;
// Four whole records of TLS 1.3 (RFC 8446, 5.2: a head of 5 bytes, the type, and the AEAD
// overhead), which hold one block, and the bytes by which OpenSSL aligns them. With other sizes
// every second recv(2) would return only the end of a record.
constexpr std::size_t kReadAhead = 4 * (5 + (16U << 10) + 1 + 16) + 3;

// Bytes to read before other tasks of the loop have a turn: about 0.1 ms of decryption.
constexpr std::size_t kMostBytesInATurn = 256U << 10;
constexpr std::string_view kInHandshake = "in the TLS handshake";
constexpr std::string_view kWhileSending = "while sending the request";

// Go's crypto/tls, maxUselessRecords.
constexpr int kMostRecordsWithoutData = 16;

using InputBlock = std::unique_ptr<char[]>;

// The block that the loop's thread used last, for the next connection that reads. The allocator
// trims its memory whenever a block of this size is freed.
InputBlock& spareBlock() {
  thread_local InputBlock spare;
  return spare;
}

InputBlock takeBlock() {
  auto block = std::exchange(spareBlock(), {});
  return block ? std::move(block) : std::make_unique_for_overwrite<char[]>(kInputBlock);
}

// Whether to repeat the call when the socket is ready.
bool waits(int why) {
  return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
}

// The end of a TCP stream without close_notify, which OpenSSL 3 reports as a protocol error.
bool cut(int why) {
  return why == SSL_ERROR_SYSCALL ||
         (why == SSL_ERROR_SSL &&
          ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING);
}

}  // namespace

// Used on the loop, or on the thread that computes a step of the handshake: by one of them at a
// time.
struct Connection::Core {
  Core(const ConnectOptions& options, Descriptor dialled);
  ~Core();
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  // Returns SSL_ERROR_NONE when the handshake is done, else SSL_ERROR_WANT_READ or
  // SSL_ERROR_WANT_WRITE. OpenSSL's errors are per thread, so this function also explains them.
  Result<int> shakeHands();
  // OpenSSL's message callback. It gets the header of each record, and each handshake message as a
  // whole (RFC 8446, section 4).
  void note(int sent, int type, const void* bytes, std::size_t size);
  void setUpReading() const;

  const std::string host;
  const std::shared_ptr<const tls::Material> material;
  const Descriptor socket;
  SSL* const ssl;                    // null: out of memory
  int records = 0;                   // records since the last data
  bool certificate_request = false;  // from the server, at any time
  bool failed = false;               // OpenSSL must not be called again
};

Connection::Core::Core(const ConnectOptions& options, Descriptor dialled)
    : host(options.host),
      material(options.material),
      socket(std::move(dialled)),
      ssl(material->newConnection(socket.number(), host)) {
  if (ssl == nullptr) return;
  setUpReading();
  SSL_set_msg_callback(
      ssl, [](int sent, int, int type, const void* bytes, std::size_t size, SSL*, void* core) {
        static_cast<Core*>(core)->note(sent, type, bytes, size);
      });
  SSL_set_msg_callback_arg(ssl, this);
  if (options.resume != nullptr) SSL_set_session(ssl, options.resume);
}

Connection::Core::~Core() {
  if (ssl == nullptr) return;
  ERR_clear_error();
  // Also keeps OpenSSL from marking the session as not resumable.
  if (!failed) SSL_shutdown(ssl);
  SSL_free(ssl);
  ERR_clear_error();
}

void Connection::Core::setUpReading() const {
  // One recv(2) may return several records. Without this each record costs two calls.
  SSL_set_read_ahead(ssl, 1);
  SSL_set_default_read_buffer_len(ssl, kReadAhead);
  // release() frees the buffers. Freeing them between two records would only cost time.
  SSL_clear_mode(ssl, SSL_MODE_RELEASE_BUFFERS);
  // Otherwise SSL_read_ex() returns only when there is data, however many other records arrive.
  SSL_clear_mode(ssl, SSL_MODE_AUTO_RETRY);
}

void Connection::Core::note(int sent, int type, const void* bytes, std::size_t size) {
  if (sent != 0) return;
  if (type == SSL3_RT_HEADER) ++records;
  const auto* const message = static_cast<const unsigned char*>(bytes);
  if (type == SSL3_RT_HANDSHAKE && size > 0 && message[0] == SSL3_MT_CERTIFICATE_REQUEST)
    certificate_request = true;
}

Result<int> Connection::Core::shakeHands() {
  ERR_clear_error();
  const int result = SSL_connect(ssl);
  if (result == 1) {
    records = 0;
    return SSL_ERROR_NONE;
  }
  const int why = SSL_get_error(ssl, result);
  if (waits(why)) return why;
  failed = true;
  return material->explain(ssl, result, host);
}

Connection::Connection(const ConnectOptions& options, Dialled dialled,
                       std::atomic<std::size_t>& open, async::Loop& loop)
    : name_(options.authority + " (" + dialled.address.text() + ")"),
      open_(open),
      loop_(loop),
      core_(std::make_shared<Core>(options, std::move(dialled.socket))),
      socket_(loop, async::BorrowedSocket(core_->socket.number())) {
  ++open_;
}

Connection::~Connection() {
  freeBuffer();
  --open_;
}

async::Task<Result<std::unique_ptr<Connection>>> Connection::open(ConnectOptions options,
                                                                  std::atomic<std::size_t>& open,
                                                                  async::Scope& scope) {
  auto dialled = co_await dial(options.authority, options.addresses, scope);
  if (!dialled) co_return std::move(dialled).error();
  std::unique_ptr<Connection> connection(
      new Connection(options, *std::move(dialled), open, scope.loop()));
  if (connection->core_->ssl == nullptr) {
    co_return Error{Fault::Tls, "no memory for a TLS connection to " + connection->name_, {}, {}};
  }
  auto done = co_await connection->handshake(options.runner, options.server_handshake, scope);
  if (!done) co_return std::move(done).error();
  co_return std::move(connection);
}

// A step computes with the private key for about a millisecond. If the scope ends or the task is
// destroyed while a thread computes a step, only that thread uses the core.
async::Task<Result<void>> Connection::handshake(async::JobRunner* runner,
                                                tls::ServerHandshake* server_handshake,
                                                async::Scope& scope) {
  for (;;) {
    auto step = [core = core_] { return core->shakeHands(); };
    std::optional<Result<int>> wanted;
    if (runner == nullptr) {
      wanted = step();
    } else {
      wanted = co_await async::offload(*runner, scope, std::move(step));
    }
    if (!wanted) co_return timeout(kInHandshake);
    negotiated_ = tls::negotiatedOf(core_->ssl);
    if (server_handshake != nullptr)
      *server_handshake = tls::serverHandshakeOf(core_->ssl, asksForClient());
    if (!*wanted) co_return std::move(*wanted).error();
    const int why = **wanted;
    if (why == SSL_ERROR_NONE) co_return Result<void>();
    const bool ready = co_await readyFor(why, scope);
    if (ready) continue;
    core_->failed = true;
    co_return timeout(kInHandshake);
  }
}

async::PolledSocket::Readiness Connection::readyFor(int why, async::Scope& scope) {
  bytes_since_wait_ = 0;
  if (why == SSL_ERROR_WANT_WRITE) return socket_.writable(scope);
  return socket_.readable(scope);
}

async::Task<Result<void>> Connection::write(std::string_view bytes, async::Scope& scope) {
  if (scope.ended()) co_return timeout(kWhileSending);
  asked_ = true;
  while (!bytes.empty()) {
    ERR_clear_error();
    std::size_t sent = 0;
    const int result = SSL_write_ex(core_->ssl, bytes.data(), bytes.size(), &sent);
    if (result == 1) {
      bytes.remove_prefix(sent);
      continue;
    }
    const int why = SSL_get_error(core_->ssl, result);
    if (cut(why)) co_return Result<void>();
    if (!waits(why)) {
      core_->failed = true;
      co_return core_->material->explain(core_->ssl, result, core_->host);
    }
    const bool ready = co_await readyFor(why, scope);
    if (ready) continue;
    core_->failed = true;
    co_return timeout(kWhileSending);
  }
  co_return Result<void>();
}

async::Task<Result<ReceivedBlock>> Connection::read(async::Scope& scope, std::string_view doing) {
  if (late_) co_return *std::exchange(late_, std::nullopt);
  if (scope.ended()) co_return timeout(doing);
  if (!buffer_) buffer_ = takeBlock();
  int wanted = SSL_ERROR_NONE;
  if (std::exchange(asked_, false) && SSL_has_pending(core_->ssl) == 0)
    wanted = SSL_ERROR_WANT_READ;
  for (;;) {
    if (wanted != SSL_ERROR_NONE) {
      const bool ready = co_await readyFor(wanted, scope);
      if (!ready) co_return timeout(doing);
    } else if (bytes_since_wait_ >= kMostBytesInATurn) {
      bytes_since_wait_ = 0;
      const bool turned = co_await loop_.turn(scope);
      if (!turned) co_return timeout(doing);
    }
    auto block = readAvailable(wanted);
    if (block) co_return *std::move(block);
  }
}

// A block, the end of the stream, or an error. Not set: OpenSSL must wait for `wanted` first;
// SSL_ERROR_NONE: it can be called again immediately.
std::optional<Result<ReceivedBlock>> Connection::readAvailable(int& wanted) {
  std::size_t filled = 0;
  ERR_clear_error();
  while (filled < kInputBlock) {
    std::size_t got = 0;
    const int records_before = core_->records;
    const int result = SSL_read_ex(core_->ssl, buffer_.get() + filled, kInputBlock - filled, &got);
    if (result == 1) {
      core_->records = 0;
      filled += got;
      used_ = std::max(used_, filled);
      if (SSL_has_pending(core_->ssl) == 0) break;
      continue;
    }
    wanted = SSL_get_error(core_->ssl, result);
    if (!waits(wanted)) {
      auto end = endOfStream(result);
      if (filled == 0) return end;
      late_ = std::move(end);
      break;
    }
    if (filled > 0) break;
    if (core_->records > kMostRecordsWithoutData) {
      core_->failed = true;
      return withRemedy(Fault::Tls, name_ + " sends TLS records without data",
                        "check that service");
    }
    // The next record may be in OpenSSL's buffer already.
    if (core_->records != records_before) wanted = SSL_ERROR_NONE;
    return std::nullopt;
  }
  bytes_since_wait_ += filled;
  return ReceivedBlock{{buffer_.get(), filled}, StreamEnd::None};
}

Result<ReceivedBlock> Connection::endOfStream(int result) {
  const int why = SSL_get_error(core_->ssl, result);
  if (why == SSL_ERROR_ZERO_RETURN) return ReceivedBlock{{}, StreamEnd::Clean};
  core_->failed = true;
  if (cut(why)) return ReceivedBlock{{}, StreamEnd::Cut};
  return core_->material->explain(core_->ssl, result, core_->host);
}

// An answer may have contained a token.
void Connection::freeBuffer() {
  if (!buffer_) return;
  wipeBytes(buffer_.get(), std::exchange(used_, 0));
  spareBlock() = std::exchange(buffer_, {});
}

bool Connection::release() {
  if (late_ || core_->failed || SSL_has_pending(core_->ssl) != 0) return false;
  freeBuffer();
  SSL_free_buffers(core_->ssl);
  kept_ = true;
  released_at_ = loop_.now();
  return true;
}

bool Connection::isIdle() const {
  char byte = 0;
  const auto got = recv(core_->socket.number(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

void Connection::setUserTimeout(std::chrono::milliseconds patience) {
  const auto millis = static_cast<unsigned int>(patience.count());
  if (std::exchange(patience_, millis) == millis) return;
  setsockopt(core_->socket.number(), IPPROTO_TCP, TCP_USER_TIMEOUT, &millis, sizeof(millis));
}

SteadyTime::duration Connection::idleFor() const {
  return loop_.now() - released_at_;
}

const std::shared_ptr<const tls::Material>& Connection::material() const {
  return core_->material;
}

SessionPtr Connection::session() const {
  SessionPtr session(SSL_get1_session(core_->ssl));
  if (session && SSL_SESSION_is_resumable(session.get()) == 0) session.reset();
  return session;
}

std::optional<tls::Summary> Connection::serverCertificate() const {
  return tls::Material::serverCertificate(core_->ssl);
}

bool Connection::asksForClient() const {
  return core_->certificate_request;
}

Error Connection::timeout(std::string_view doing) const {
  return {Fault::Timeout, "timed out " + std::string(doing) + ": " + name_, {}, {}};
}

}  // namespace postern::upstream

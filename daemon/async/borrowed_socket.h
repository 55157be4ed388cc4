#pragma once

#include <Poco/Net/StreamSocket.h>
#include <Poco/Net/StreamSocketImpl.h>

namespace postern::async {

// What Poco needs to poll a descriptor that somebody else owns, and closes after this has gone.
class BorrowedSocket final : public Poco::Net::StreamSocket {
 public:
  explicit BorrowedSocket(int descriptor) : StreamSocket(new Impl(descriptor)) {}

 private:
  class Impl final : public Poco::Net::StreamSocketImpl {
   public:
    explicit Impl(int descriptor) : StreamSocketImpl(descriptor) {}

   private:
    ~Impl() override { reset(); }
  };
};

}  // namespace postern::async

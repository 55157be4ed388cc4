#pragma once

#include <Poco/Net/StreamSocket.h>
#include <Poco/Net/StreamSocketImpl.h>

namespace postern::async {

// Lets Poco poll a descriptor of another owner, who closes it after this object is gone.
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

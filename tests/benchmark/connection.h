#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tests/benchmark/mqtt_packets.h"

namespace parley::benchmark {

struct Account {
  std::string client;
  std::string user;  // "" = anonymous
  std::string password;
};

// One raw client connection on loopback. Writes gather until Flush(); nothing blocks but Open and Subscribe.
class Connection {
 public:
  // Connects and logs in; again when the broker closes without a CONNACK (a login that is being checked).
  // Ends the program with a line when it is refused.
  Connection(uint16_t port, const Account& account);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Waits for the SUBACK. Ends the program with a line when it is refused.
  void Subscribe(std::string_view filter, int qos);

  std::string& out() { return out_; }
  // Sends what has gathered, as far as the socket takes it.
  void Flush();
  bool wants_to_write() const { return !out_.empty(); }

  // Reads what is there and calls handle(packet) for each whole packet. False when the broker has closed.
  template <typename Handler>
  bool Read(Handler handle) {
    if (!Fill()) return false;
    std::string_view rest = in_;
    while (const std::optional<Packet> packet = TakePacket(rest)) handle(*packet);
    in_.erase(0, in_.size() - rest.size());
    return true;
  }

  int fd() const { return fd_; }

 private:
  bool LogIn(uint16_t port, const Account& account);
  bool Fill();
  Packet Await();

  int fd_ = -1;
  std::string in_;
  std::string out_;
};

// Prints a line and ends the program.
[[noreturn]] void Die(const std::string& why);
uint64_t NowNs();

}  // namespace parley::benchmark

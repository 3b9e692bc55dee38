#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <thread>

namespace parley::plugin {

struct Listener;

// Wakes the broker's loop from another thread: an internal MQTT client, connected over loopback, that
// publishes QoS 0 to kDoorbellTopic; the broker then calls us back on its own thread. (A broker that sits in
// epoll can be woken in no other way that works on every version.) The same client subscribes to
// kBarrierTopic.
//
// It speaks the five packets that it needs by itself: no MQTT library can be linked into the broker, whose
// own symbols would take its place. Without a connection nothing is lost: the broker's tick does the work up
// to 100 ms later.
class Doorbell {
 public:
  struct Options {
    std::string client_id;
    std::string user;
    std::string password;
    uint16_t port = 0;                            // 0: any TCP listener of this process
    std::function<void(const std::string&)> log;  // any thread
  };
  explicit Doorbell(Options options);
  ~Doorbell();

  // The local port of the present connection, known before it logs in; 0 = none. Any thread.
  uint16_t local_port() const { return local_port_; }

  // One ring for all calls until the loop is woken. Any thread, never waits.
  void Ring();

 private:
  void Run();
  int Connect();
  int ConnectTo(const Listener& listener);
  bool NotePort(int socket);
  bool Serve(int socket);
  void Wait(int timeout_ms);

  const Options options_;
  int wake_fd_ = -1;
  std::atomic<bool> rung_{false};
  std::atomic<bool> stopping_{false};
  std::atomic<uint16_t> local_port_{0};
  std::thread thread_;
};

}  // namespace parley::plugin

#include "broker-plugin/delivery/output_coalescer.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace parley::plugin {
namespace {

bool SetCork(int socket, int on) {
  return ::setsockopt(socket, IPPROTO_TCP, TCP_CORK, &on, sizeof on) == 0;
}

}  // namespace

void OutputCoalescer::SetActive(bool active) {
  Release();
  active_ = active;
}

void OutputCoalescer::OnDelivery(Session& session) {
  if (!active_) return;
  Session::Burst& burst = session.burst;
  if (burst.number != burst_) {
    burst = {.number = burst_, .corked = false};  // the first one leaves as it is: it may be the only one
    return;
  }
  if (burst.corked) return;
  burst.corked = true;
  const int socket = socket_of_(session.handle);
  if (socket < 0 || !SetCork(socket, 1)) return;
  corked_.push_back(socket);
  ++corked_count_;
}

void OutputCoalescer::Release() {
  ++burst_;
  // A descriptor that was closed meanwhile is an error that says nothing; one that was used again is not
  // corked.
  for (const int socket : corked_) SetCork(socket, 0);
  corked_.clear();
}

}  // namespace parley::plugin

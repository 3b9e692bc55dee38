#include "broker-plugin/delivery/output_coalescer.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace parley::plugin {
namespace {

bool SetCork(int socket, int on) {
  return ::setsockopt(socket, IPPROTO_TCP, TCP_CORK, &on, sizeof on) == 0;
}

bool HasUnread(int socket) {
  int bytes = 0;
  return ::ioctl(socket, FIONREAD, &bytes) == 0 && bytes > 0;
}

}  // namespace

void OutputCoalescer::SetActive(bool active) {
  Release();
  for (size_t place = 0; place < answered_.size(); ++place) ReleaseAnswers(place);
  active_ = active;
}

void OutputCoalescer::OnDelivery(Session& session) {
  if (!active_) return;
  Session::Burst& burst = session.burst;
  if (burst.number != burst_) {
    burst.number = burst_;
    burst.corked = false;  // the first one leaves as it is: it may be the only one
    return;
  }
  if (burst.corked) return;
  burst.corked = true;
  const int socket = SocketOfSession(session);
  if (socket < 0 || !SetCork(socket, 1)) return;
  corked_.push_back(socket);
  ++corked_count_;
}

void OutputCoalescer::OnAnswer(Session& session) {
  if (!active_) return;
  const size_t place = session.burst.answers;
  if (place >= answered_.size() || answered_[place].client != session.handle) {
    if (free_places_.empty() && answered_.size() >= kAnsweredMax) return;
    const int socket = SocketOfSession(session);
    if (socket < 0 || !HasUnread(socket) || !SetCork(socket, 1)) return;
    if (free_places_.empty()) {
      free_places_.push_back(static_cast<uint16_t>(answered_.size()));
      answered_.emplace_back();
    }
    session.burst.answers = free_places_.back();
    free_places_.pop_back();
    answered_[session.burst.answers] = {
        .client = session.handle, .socket = socket, .pass = pass_, .answers = 1};
    return;
  }
  Answered& answered = answered_[place];
  answered.pass = pass_;
  // Released before the last answer is written: that one leaves at once behind the others.
  if (!HasUnread(answered.socket)) return ReleaseAnswers(place);
  if (++answered.answers <= kAnswersMax) return;
  SetCork(answered.socket, 0);
  SetCork(answered.socket, 1);
  answered.answers = 1;
}

void OutputCoalescer::OnPassEnd() {
  Release();
  // What has come of those whose pass is an older one is no whole packet, or no PUBLISH.
  for (size_t place = 0; place < answered_.size(); ++place) {
    if (answered_[place].pass != pass_) ReleaseAnswers(place);
  }
  ++pass_;
}

int OutputCoalescer::SocketOfSession(Session& session) const {
  session.burst.socket = socket_of_(session.handle, session.burst.socket);
  return session.burst.socket;
}

void OutputCoalescer::ReleaseAnswers(size_t place) {
  if (answered_[place].client == nullptr) return;
  SetCork(answered_[place].socket, 0);
  answered_[place].client = nullptr;
  free_places_.push_back(static_cast<uint16_t>(place));
}

void OutputCoalescer::Release() {
  ++burst_;
  // A descriptor that was closed meanwhile is an error that says nothing; one that was used again is not
  // corked.
  for (const int socket : corked_) SetCork(socket, 0);
  corked_.clear();
}

}  // namespace parley::plugin

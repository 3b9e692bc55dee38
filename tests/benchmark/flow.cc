#include "tests/benchmark/flow.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <memory>
#include <sstream>

#include <sys/epoll.h>
#include <unistd.h>

#include "tests/benchmark/connection.h"
#include "tests/benchmark/probes.h"

namespace parley::benchmark {
namespace {

// When a message was sent, in hexadecimal, in front of its text: the same bytes in every encoding.
constexpr std::string_view kMark = "@T";
constexpr size_t kMarkBytes = kMark.size() + 16;

std::string Filled(std::string text, std::string_view name, const std::string& value) {
  for (size_t at = text.find(name); at != std::string::npos; at = text.find(name, at + value.size())) {
    text.replace(at, name.size(), value);
  }
  return text;
}

void WriteHex(char* at, uint64_t value) {
  static constexpr char kDigits[] = "0123456789abcdef";
  for (int i = 15; i >= 0; --i, value >>= 4) at[i] = kDigits[value & 15];
}

uint64_t ReadHex(const char* at) {
  uint64_t value = 0;
  for (int i = 0; i < 16; ++i) {
    value = value << 4 | static_cast<uint64_t>(at[i] <= '9' ? at[i] - '0' : at[i] - 'a' + 10);
  }
  return value;
}

// User and system time of a process in microseconds; proc(5), stat, fields 14 and 15.
double CpuUs(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return 0;
  std::istringstream fields(text.substr(name_end + 2));
  std::string skipped;
  for (int i = 3; i < 14; ++i) fields >> skipped;
  double user = 0;
  double system = 0;
  fields >> user >> system;
  return (user + system) * 1e6 / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

class Flow {
 public:
  explicit Flow(const FlowOptions& options) : options_(options), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    for (int i = 0; i < options_.subscribers; ++i) AddSubscriber(i);
    for (int i = 0; i < options_.publishers; ++i) AddPublisher(i);
    fan_out_ = std::max(1, options_.subscribers / options_.rooms);
    rooms_.resize(static_cast<size_t>(options_.rooms));
  }
  ~Flow() { ::close(epoll_); }

  FlowResult Run(int broker_pid) {
    const uint64_t start = NowNs();
    const auto ns = [](double seconds) { return static_cast<uint64_t>(seconds * 1e9); };
    const uint64_t measure = start + ns(options_.warmup_s);
    const uint64_t end = measure + ns(options_.seconds);
    started_ = start;
    PassesUntil(measure);
    const double cpu = CpuUs(broker_pid);
    const uint64_t published = published_;
    const uint64_t delivered = delivered_;
    const uint64_t acks = acks_;
    latencies_.clear();
    const uint64_t from = NowNs();
    PassesUntil(end);
    const double seconds = static_cast<double>(NowNs() - from) / 1e9;
    FlowResult result;
    result.published_per_s = static_cast<double>(published_ - published) / seconds;
    result.delivered_per_s = static_cast<double>(delivered_ - delivered) / seconds;
    result.acks_per_s = static_cast<double>(acks_ - acks) / seconds;
    const double messages = static_cast<double>(delivered_ - delivered) / fan_out_;
    if (messages > 0) result.cpu_us_per_message = (CpuUs(broker_pid) - cpu) / messages;
    result.latency_ms = Percentiles(latencies_);
    return result;
  }

 private:
  struct Peer {
    std::unique_ptr<Connection> connection;
    bool publisher = false;
    std::string topic;
    std::string name;
    int unacked = 0;
    uint64_t sent = 0;
    uint16_t next_id = 0;
    bool polls_write = false;
    size_t room = 0;
  };
  // What is under way in one room.
  struct Room {
    uint64_t published = 0;
    uint64_t delivered = 0;
  };

  Account AccountOf(const std::string& name) const {
    if (!options_.accounts) return {.client = name, .user = "", .password = ""};
    return {.client = name, .user = name, .password = name};
  }
  std::string InRoom(const std::string& topic, int number, const std::string& name) const {
    return Filled(Filled(topic, "{room}", "r" + std::to_string(number % options_.rooms)), "{client}", name);
  }
  void AddSubscriber(int number) {
    const std::string name = "s" + std::to_string(number);
    auto peer = std::make_unique<Peer>();
    peer->room = static_cast<size_t>(number % options_.rooms);
    peer->connection = std::make_unique<Connection>(options_.port, AccountOf(name));
    peer->connection->Subscribe(InRoom(options_.receive_topic, number, name), options_.qos);
    Watch(std::move(peer));
  }
  void AddPublisher(int number) {
    const std::string name = "p" + std::to_string(number);
    auto peer = std::make_unique<Peer>();
    peer->room = static_cast<size_t>(number % options_.rooms);
    peer->connection = std::make_unique<Connection>(options_.port, AccountOf(name));
    peer->publisher = true;
    peer->name = name;
    peer->topic = InRoom(options_.send_topic, number, name);
    if (!options_.ack_topic.empty()) peer->connection->Subscribe(InRoom(options_.ack_topic, number, name), 1);
    Watch(std::move(peer));
  }
  void Watch(std::unique_ptr<Peer> peer) {
    epoll_event event = {.events = EPOLLIN, .data = {.ptr = peer.get()}};
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, peer->connection->fd(), &event);
    peers_.push_back(std::move(peer));
  }

  void PassesUntil(uint64_t end) {
    epoll_event events[256];
    while (NowNs() < end) {
      Publish();
      for (const auto& peer : peers_) FlushPeer(*peer);
      const int count = ::epoll_wait(epoll_, events, 256, 1);
      for (int i = 0; i < count; ++i) ReadPeer(*static_cast<Peer*>(events[i].data.ptr));
    }
  }

  void FlushPeer(Peer& peer) {
    if (peer.connection->wants_to_write()) peer.connection->Flush();
    const bool blocked = peer.connection->wants_to_write();
    if (blocked == peer.polls_write) return;
    peer.polls_write = blocked;
    epoll_event event = {.events = blocked ? EPOLLIN | EPOLLOUT : EPOLLIN, .data = {.ptr = &peer}};
    ::epoll_ctl(epoll_, EPOLL_CTL_MOD, peer.connection->fd(), &event);
  }

  void ReadPeer(Peer& peer) {
    const bool open = peer.connection->Read([&](const Packet& packet) {
      if (packet.type == PacketType::kPuback) --peer.unacked;
      if (packet.type != PacketType::kPublish) return;
      if (packet.qos > 0) AppendPuback(peer.connection->out(), packet.id);
      if (peer.publisher) {
        ++acks_;
        return;
      }
      ++delivered_;
      ++rooms_[peer.room].delivered;
      const size_t at = packet.payload.find(kMark);
      if (at == std::string_view::npos) return;
      latencies_.push_back(NowNs() - ReadHex(packet.payload.data() + at + kMark.size()));
    });
    if (!open) Die("the broker closed a connection");
  }

  void Publish() {
    const uint64_t now = NowNs();
    uint64_t due = UINT64_MAX;
    if (options_.rate > 0) {
      due = static_cast<uint64_t>(static_cast<double>(now - started_) / 1e9 * options_.rate);
    }
    const auto limit = static_cast<uint64_t>(options_.undelivered_max);
    for (bool any = true; any;) {  // one message each in turn
      any = false;
      for (const auto& peer : peers_) {
        if (!peer->publisher || peer->unacked >= options_.window) continue;
        if (published_ >= due) return;
        const Room& room = rooms_[peer->room];
        // What is left of an earlier run is delivered, too.
        if (room.published >= room.delivered / static_cast<uint64_t>(fan_out_) + limit) continue;
        PublishOne(*peer, now);
        any = true;
      }
    }
  }

  void PublishOne(Peer& peer, uint64_t now) {
    std::string text(std::max(static_cast<size_t>(options_.text_bytes), kMarkBytes), 'x');
    std::memcpy(text.data(), kMark.data(), kMark.size());
    WriteHex(text.data() + kMark.size(), now);
    peer.next_id = static_cast<uint16_t>(peer.next_id % 65535 + 1);
    std::string payload = Filled(options_.payload, "{text}", text);
    if (options_.payload.find("{id}") != std::string::npos) {
      char id[27];  // as long as a ULID
      std::snprintf(id, sizeof id, "%010llx%016llx",
                    static_cast<unsigned long long>(started_ & 0xFFFFFFFFFFULL),
                    static_cast<unsigned long long>(peer.sent));
      payload = Filled(std::move(payload), "{id}", id);
    }
    AppendPublish(peer.connection->out(), peer.topic, payload, options_.qos, peer.next_id);
    ++peer.sent;
    ++published_;
    ++rooms_[peer.room].published;
    if (options_.qos > 0) ++peer.unacked;
  }

  const FlowOptions options_;
  const int epoll_;
  std::vector<std::unique_ptr<Peer>> peers_;
  std::vector<Room> rooms_;
  int fan_out_ = 1;
  uint64_t started_ = 0;
  uint64_t published_ = 0;
  uint64_t delivered_ = 0;
  uint64_t acks_ = 0;
  std::vector<uint64_t> latencies_;
};

}  // namespace

FlowResult RunFlow(const FlowOptions& options, int broker_pid) {
  return Flow(options).Run(broker_pid);
}

}  // namespace parley::benchmark

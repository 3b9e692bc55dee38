#include "tests/benchmark/probes.h"

#include <algorithm>
#include <cstdio>
#include <memory>

#include <poll.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

namespace parley::benchmark {
namespace {

constexpr int kPatienceMs = 60'000;

bool Readable(int fd, int timeout_ms) {
  pollfd wait = {.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&wait, 1, timeout_ms) > 0;
}

void AllowConnections(int count) {
  const rlimit limit = {.rlim_cur = static_cast<rlim_t>(count) + 64,
                        .rlim_max = static_cast<rlim_t>(count) + 64};
  rlimit now = {};
  ::getrlimit(RLIMIT_NOFILE, &now);
  if (now.rlim_cur < limit.rlim_cur && ::setrlimit(RLIMIT_NOFILE, &limit) != 0)
    Die("cannot open so many connections");
}

// Reads until a PUBLISH comes; acknowledges it. Its payload is lost.
void AwaitPublish(Connection& connection) {
  bool come = false;
  while (!come) {
    if (!Readable(connection.fd(), kPatienceMs)) Die("no answer in time");
    const bool open = connection.Read([&](const Packet& packet) {
      if (packet.type != PacketType::kPublish) return;
      come = true;
      if (packet.qos > 0) AppendPuback(connection.out(), packet.id);
    });
    if (!open) Die("the broker closed a connection");
    connection.Flush();
  }
}

}  // namespace

std::vector<double> Percentiles(std::vector<uint64_t>& values_ns) {
  std::sort(values_ns.begin(), values_ns.end());
  std::vector<double> shown;
  for (const double part : {0.5, 0.9, 0.99, 0.999, 1.0}) {
    if (values_ns.empty()) break;
    const auto at = static_cast<size_t>(part * static_cast<double>(values_ns.size() - 1));
    shown.push_back(static_cast<double>(values_ns[at]) / 1e6);
  }
  return shown;
}

double RunConnects(uint16_t port, const Account& account, int parallel, double seconds) {
  // A connection is open once it has its CONNACK; the next one of the lane takes its place.
  struct Lane {
    std::unique_ptr<Connection> connection;
  };
  std::vector<Lane> lanes(static_cast<size_t>(parallel));
  const uint64_t start = NowNs();
  const uint64_t end = start + static_cast<uint64_t>(seconds * 1e9);
  uint64_t connected = 0;
  const auto name = [&](size_t lane) { return account.client + std::to_string(lane); };
  for (size_t i = 0; i < lanes.size(); ++i) {
    lanes[i].connection = Connection::Begin(port, {name(i), account.user, account.password});
  }
  while (NowNs() < end) {
    std::vector<pollfd> waits;
    for (const Lane& lane : lanes)
      waits.push_back({.fd = lane.connection->fd(), .events = POLLIN, .revents = 0});
    if (::poll(waits.data(), waits.size(), kPatienceMs) <= 0) Die("no CONNACK in time");
    for (size_t i = 0; i < lanes.size(); ++i) {
      if (waits[i].revents == 0) continue;
      bool accepted = false;
      lanes[i].connection->Read(
          [&](const Packet& packet) { accepted = packet.type == PacketType::kConnack && packet.code == 0; });
      if (!accepted) Die("refused: " + name(i));
      ++connected;
      AppendDisconnect(lanes[i].connection->out());
      lanes[i].connection->Flush();
      lanes[i].connection = Connection::Begin(port, {name(i), account.user, account.password});
    }
  }
  return static_cast<double>(connected) / (static_cast<double>(NowNs() - start) / 1e9);
}

void HoldConnections(uint16_t port, const Account& account, int count) {
  AllowConnections(count);
  std::vector<std::unique_ptr<Connection>> held;
  for (int i = 0; i < count; ++i) {
    held.push_back(std::make_unique<Connection>(
        port, Account{account.client + std::to_string(i), account.user, account.password}));
  }
  std::printf("ready\n");
  std::fflush(stdout);
  char ignored = 0;
  while (::read(STDIN_FILENO, &ignored, 1) > 0) {
  }
}

std::vector<double> RunRequests(const RequestOptions& options) {
  Connection connection(options.port, options.account);
  const std::string own = "chat/v1/clients/" + options.account.client;
  connection.Subscribe(own + "/replies/json", 1);
  connection.Subscribe(own + "/acks/json", 1);
  std::vector<uint64_t> times;
  const uint64_t end = NowNs() + static_cast<uint64_t>(options.seconds * 1e9);
  uint16_t id = 0;
  const auto publish = [&](const std::string& topic, const std::string& payload) {
    id = static_cast<uint16_t>(id % 60'000 + 1);
    AppendPublish(connection.out(), topic, payload, 1, id);
    connection.Flush();
  };
  for (uint64_t number = 0; NowNs() < end; ++number) {
    if (!options.send_topic.empty()) {
      publish(options.send_topic, "one of one's own");
      AwaitPublish(connection);
    }
    const uint64_t asked = NowNs();
    publish("chat/v1/requests/" + options.method + "/json",
            R"({"requestId":")" + std::to_string(number) + "\"," + options.request + "}");
    AwaitPublish(connection);
    times.push_back(NowNs() - asked);
  }
  return Percentiles(times);
}

BigRoomResult RunBigRoom(const BigRoomOptions& options) {
  AllowConnections(options.members);
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  std::vector<std::unique_ptr<Connection>> members;
  const auto account = [&](const std::string& client, const std::string& user) {
    return options.accounts ? Account{client, user, user}
                            : Account{client, options.everybody.user, options.everybody.password};
  };
  for (int i = 0; i < options.members; ++i) {
    const std::string name = "s" + std::to_string(i);
    members.push_back(std::make_unique<Connection>(options.port, account(name, name)));
    std::string topic = options.receive_topic;
    if (const size_t at = topic.find("{client}"); at != std::string::npos) topic.replace(at, 8, name);
    members.back()->Subscribe(topic, 1);
    epoll_event event = {.events = EPOLLIN, .data = {.ptr = members.back().get()}};
    ::epoll_ctl(epoll, EPOLL_CTL_ADD, members.back()->fd(), &event);
  }
  Connection sender(options.port, account("sender", "s0"));
  Connection probe(options.port, account("probe", "s0"));
  std::vector<uint64_t> fan_outs;
  uint64_t longest_hold = 0;
  for (int number = 0; number < options.messages; ++number) {
    const uint64_t sent = NowNs();
    AppendPublish(sender.out(), options.send_topic, "to everybody", 1, static_cast<uint16_t>(number + 1));
    sender.Flush();
    int missing = options.members;
    uint64_t pinged = 0;
    while (missing > 0) {
      if (pinged == 0) {
        pinged = NowNs();
        AppendPing(probe.out());
        probe.Flush();
      }
      epoll_event events[256];
      const int count = ::epoll_wait(epoll, events, 256, 1);
      for (int i = 0; i < count; ++i) {
        auto& member = *static_cast<Connection*>(events[i].data.ptr);
        member.Read([&](const Packet& packet) {
          if (packet.type != PacketType::kPublish) return;
          --missing;
          if (packet.qos > 0) AppendPuback(member.out(), packet.id);
        });
        member.Flush();
      }
      probe.Read([&](const Packet&) {
        longest_hold = std::max(longest_hold, NowNs() - pinged);
        pinged = 0;
      });
      if (NowNs() - sent > uint64_t{kPatienceMs} * 1'000'000) Die("a delivery is missing");
    }
    fan_outs.push_back(NowNs() - sent);
    while (pinged != 0) {
      if (!Readable(probe.fd(), kPatienceMs)) Die("no answer to a PING");
      probe.Read([&](const Packet&) { pinged = 0; });
    }
    sender.Read([](const Packet&) {});
  }
  ::close(epoll);
  const std::vector<double> times = Percentiles(fan_outs);
  return {.fan_out_ms = times.empty() ? 0 : times[0],
          .longest_hold_ms = static_cast<double>(longest_hold) / 1e6};
}

}  // namespace parley::benchmark

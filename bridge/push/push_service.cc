#include "bridge/push/push_service.h"

#include <chrono>
#include <fstream>
#include <random>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "bridge/push/limits.h"
#include "bridge/push/outbox_reader.h"
#include "schemas/json.h"

namespace parley::bridge {
namespace {

constexpr int64_t kCommitWaitMs = 200;
constexpr int64_t kHouseMs = 1'000;
constexpr const char* kControlTopic = "$CONTROL/parley/v1";

template <typename Clock>
int64_t MsOf() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now().time_since_epoch()).count();
}

// A new one for every start of the machine; "" when it cannot be read.
std::string ReadBootId() {
  std::string id;
  std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), id);
  return id;
}

FeedTime Now() {
  return {MsOf<std::chrono::steady_clock>(), MsOf<std::chrono::system_clock>()};
}

}  // namespace

PushService::PushService(Parts parts)
    : parts_(std::move(parts)),
      boot_(ReadBootId()),
      outbox_(parts_.local),
      sweep_(outbox_, {.keep_ms = limits::kPushLedgerMs,
                       .messages_max = limits::kPushLedgerMessagesMax,
                       .commits_max = limits::kPushTimelineMax}) {
  for (std::unique_ptr<PushProvider>& provider : parts_.providers) {
    table_[provider->kind()] = {.configured = true, .can_withdraw = provider->can_withdraw()};
    workers_.emplace_back(std::make_unique<Worker>())->provider = std::move(provider);
  }
  parts_.providers.clear();
}

PushService::~PushService() {
  Stop();
}

std::unique_ptr<FeedConsumer> PushService::MakeConsumer() {
  return std::make_unique<PushConsumer>(PushConsumer::Parts{.outbox = outbox_,
                                                            .connectedness = parts_.connectedness,
                                                            .providers = table_,
                                                            .counters = counters_,
                                                            .in_use = in_use_,
                                                            .wake = [this] { WakeAll(); }});
}

Status PushService::Start() {
  for (const std::unique_ptr<Worker>& worker : workers_) {
    if (Status started = StartWorker(*worker); !started) return started;
  }
  keeper_ = std::thread([this] { KeepHouse(); });
  return {};
}

Status PushService::StartWorker(Worker& worker) {
  HttpClient::Options options = parts_.http;
  options.name = "push-" + std::to_string(static_cast<int>(worker.provider->kind()));
  auto client = parts_.start_client(std::move(options));
  if (!client) return std::move(client).error();
  worker.client = *std::move(client);
  auto random = std::make_shared<std::mt19937_64>(std::random_device()());
  const std::string name = v1::Push::Provider_Name(worker.provider->kind());
  worker.sender = std::make_unique<PushSender>(PushSenderParts{
      .reader = parts_.reader,
      .outbox = outbox_,
      .connectedness = parts_.connectedness,
      .provider = *worker.provider,
      .send = [&worker](HttpRequest request,
                        HttpClient::Done done) { worker.client->Send(std::move(request), std::move(done)); },
      .wait_committed = [this](LogIndex index) { return WaitCommitted(index); },
      .remove = [this](const DeadRegistration& dead) { Remove(dead); },
      .log = [this, name](const std::string& line) { parts_.log(name + " " + line); },
      .clock = &Now,
      .random = [random] { return (*random)(); },
      .boot = boot_,
      .wake = [this, &worker] { Wake(worker); },
      .counters = counters_,
      .own_counters = worker.counters});
  worker.thread = std::thread([this, &worker] { Run(worker); });
  return {};
}

void PushService::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  WakeAll();
  if (keeper_.joinable()) keeper_.join();
  for (const std::unique_ptr<Worker>& worker : workers_) {
    if (worker->thread.joinable()) worker->thread.join();
    if (!worker->client) continue;
    worker->client.reset();
    worker->sender->Finish();
  }
}

void PushService::Run(Worker& worker) {
  const auto stopping = [this] {
    const std::lock_guard lock(mutex_);
    return stopping_;
  };
  while (!stopping()) {
    int64_t pause_ms = kHouseMs;
    try {
      pause_ms = worker.sender->Step() - Now().steady_ms;
    } catch (const std::exception& error) {  // out of memory: this step's problem alone
      parts_.log(std::string("push: ") + error.what() + "; trying again");
    }
    std::unique_lock lock(worker.mutex);
    if (pause_ms > 0) {
      worker.woken.wait_for(lock, std::chrono::milliseconds(pause_ms), [&worker] { return worker.awake; });
    }
    worker.awake = false;
  }
}

void PushService::Wake(Worker& worker) {
  {
    const std::lock_guard lock(worker.mutex);
    worker.awake = true;
  }
  worker.woken.notify_all();
}

void PushService::WakeAll() {
  for (const std::unique_ptr<Worker>& worker : workers_) Wake(*worker);
}

void PushService::OnCommitted(LogIndex committed, uint64_t committed_ms) {
  timeline_.Heard(committed, committed_ms, static_cast<uint64_t>(Now().wall_ms));
  {
    const std::lock_guard lock(mutex_);
    if (committed <= committed_) return;
    committed_ = committed;
  }
  changed_.notify_all();
}

void PushService::OnLinkLost() {
  const std::lock_guard lock(mutex_);
  committed_ = {};
}

bool PushService::WaitCommitted(LogIndex index) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, std::chrono::milliseconds(kCommitWaitMs),
                    [this, index] { return stopping_ || committed_ >= index; });
  return !stopping_ && committed_ >= index;
}

void PushService::Remove(const DeadRegistration& dead) {
  const nlohmann::json command = {{"command", "removePushDevice"},
                                  {"username", dead.user},
                                  {"device", dead.device},
                                  {"targetFeed", dead.target_feed}};
  const nlohmann::json commands = {{"commands", nlohmann::json::array({command})}};
  // Lost with the connection: the next notification to it finds out again.
  if (Status sent = parts_.publish({kControlTopic, commands.dump(), 1}); !sent) {
    parts_.log("remove the dead device " + dead.device + " of " + dead.user + ": " + sent.error().reason);
    return;
  }
  parts_.log("the device " + dead.device + " of " + dead.user + " is dead, and removed");
}

void PushService::KeepHouse() {
  std::optional<uint64_t> epoch;
  bool quiet = false;
  while (true) {
    {
      std::unique_lock lock(mutex_);
      if (changed_.wait_for(lock, std::chrono::milliseconds(kHouseMs), [this] { return stopping_; })) return;
    }
    const std::optional<PushOutbox::Entry> entry = outbox_.Enter();
    if (!entry) continue;
    if (epoch != entry->epoch) {
      sweep_.BeginAnew();
      GiveUpUnreachable();
      epoch = entry->epoch;
    }
    if (in_use_) {
      if (Status kept = timeline_.Keep(outbox_); !kept && !std::exchange(quiet, true)) {
        parts_.log("cannot keep the times of commits: " + kept.error().reason);
      } else {
        quiet = quiet && !kept;
      }
    }
    (void)sweep_.Step(Now().wall_ms).has_value();  // what cannot be freed now is freed later
  }
}

void PushService::GiveUpUnreachable() {
  for (int i = 0; i < v1::Push::Provider_ARRAYSIZE; ++i) {
    const auto provider = static_cast<v1::Push::Provider>(i);
    if (table_[provider].configured) continue;
    if (Status given_up = GiveUpAll(outbox_, provider, boot_, Now().wall_ms); !given_up) {
      parts_.log("cannot give up what waits for a provider that is not configured: " +
                 given_up.error().reason);
    }
  }
}

bool PushService::SendTest(Uid uid, const std::string& user, const PushDeviceRecord& device) {
  for (const std::unique_ptr<Worker>& worker : workers_) {
    if (worker->provider->kind() == ProviderOf(device)) return worker->sender->SendTest(uid, user, device);
  }
  return false;
}

const PushSenderCounters* PushService::CountersOf(v1::Push::Provider provider) const {
  for (const std::unique_ptr<Worker>& worker : workers_) {
    if (worker->provider->kind() == provider) return &worker->counters;
  }
  return nullptr;
}

}  // namespace parley::bridge

#include "bridge/outbound/http_client.h"

#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>

#include <curl/curl.h>
#include <openssl/ssl.h>
#include <pthread.h>

#include "bridge/outbound/limits.h"
#include "bridge/outbound/transfer.h"

namespace parley::bridge {
namespace {

constexpr int kPollMs = 1'000;  // a bound only: libcurl's timers and wake-ups end it sooner

Status CheckAuthorities(const std::string& path) {
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()),
                                                                  &SSL_CTX_free);
  if (context != nullptr && SSL_CTX_load_verify_file(context.get(), path.c_str()) == 1) return {};
  return Error{Code::INVALID_ARGUMENT, path + ": no certificate in PEM can be read there"};
}

class CurlHttpClient : public HttpClient {
 public:
  CurlHttpClient(Options options, CURLM* multi) : options_(std::move(options)), multi_(multi) {
    thread_ = std::thread([this] { Run(); });
    pthread_setname_np(thread_.native_handle(), options_.name.substr(0, 15).c_str());
  }

  ~CurlHttpClient() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    curl_multi_wakeup(multi_);
    thread_.join();
    for (auto& [handle, transfer] : under_way_) {
      curl_easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L);  // a slow resolver is not waited for
      curl_multi_remove_handle(multi_, handle);
      transfer->BreakOff();
    }
    for (Waiting& waiting : waiting_) waiting.done(NotSent("the bridge stops"));
    under_way_.clear();
    kept_.clear();
    curl_multi_cleanup(multi_);
  }

  void Send(HttpRequest request, Done done) override {
    std::unique_lock lock(mutex_);
    if (stopping_) {
      lock.unlock();
      done(NotSent("the bridge stops"));
      return;
    }
    const bool wake = waiting_.empty();
    const bool full = held_ >= limits::kHttpRequestsMax;
    if (!full) ++held_;
    waiting_.push_back({full ? HttpRequest{} : std::move(request), std::move(done), full});
    lock.unlock();
    // Those who come before the thread has taken what waits share one wake-up.
    if (wake) curl_multi_wakeup(multi_);
  }

 private:
  struct Waiting {
    HttpRequest request;
    Done done;
    bool too_many;
  };

  static HttpAnswer NotSent(std::string why) {
    HttpAnswer answer;
    answer.error = std::move(why);
    return answer;
  }

  static HttpAnswer Forbidden(std::string why) {
    HttpAnswer answer;
    answer.kind = HttpAnswer::Kind::kForbidden;
    answer.error = std::move(why);
    return answer;
  }

  void Run() {
    while (true) {
      std::vector<Waiting> taken;
      {
        const std::lock_guard lock(mutex_);
        if (stopping_) return;
        taken.swap(waiting_);
      }
      for (Waiting& waiting : taken) Begin(std::move(waiting));
      int running = 0;
      curl_multi_perform(multi_, &running);
      EndThoseDone();
      curl_multi_poll(multi_, nullptr, 0, kPollMs, nullptr);
    }
  }

  void Begin(Waiting waiting) {
    if (waiting.too_many) return waiting.done(NotSent("too many requests at once"));
    std::unique_ptr<Transfer> transfer = TakeTransfer();
    if (transfer == nullptr) {
      Release();
      return waiting.done(NotSent("no memory for the request"));
    }
    Status begun = transfer->Begin(std::move(waiting.request), waiting.done, NextAge());
    if (!begun) {
      Release();
      Keep(std::move(transfer));
      return waiting.done(Forbidden(std::move(begun).error().reason));
    }
    CURL* handle = transfer->handle();
    if (curl_multi_add_handle(multi_, handle) != CURLM_OK) {
      Release();
      return waiting.done(NotSent("no memory for the request"));
    }
    under_way_.emplace(handle, std::move(transfer));
  }

  int NextAge() {
    if (++of_this_age_ > limits::kHttpRequestsPerConnection) {
      of_this_age_ = 1;
      age_ = (age_ + 1) % limits::kConnectionAges;
    }
    return age_;
  }

  void EndThoseDone() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode result = message->data.result;
      const auto found = under_way_.find(message->easy_handle);
      curl_multi_remove_handle(multi_, found->first);
      std::unique_ptr<Transfer> transfer = std::move(found->second);
      under_way_.erase(found);
      Release();
      transfer->End(result);
      Keep(std::move(transfer));
    }
  }

  void Release() {
    const std::lock_guard lock(mutex_);
    --held_;
  }

  std::unique_ptr<Transfer> TakeTransfer() {
    if (kept_.empty()) return Transfer::Make(options_, going_away_);
    std::unique_ptr<Transfer> transfer = std::move(kept_.back());
    kept_.pop_back();
    return transfer;
  }

  void Keep(std::unique_ptr<Transfer> transfer) {
    if (kept_.size() < limits::kHttpTransfersKept) kept_.push_back(std::move(transfer));
  }

  const Options options_;
  CURLM* const multi_;

  std::mutex mutex_;
  std::vector<Waiting> waiting_;  // guarded by mutex_
  size_t held_ = 0;               // guarded by mutex_: waiting and under way, without the refused ones
  bool stopping_ = false;         // guarded by mutex_

  // The thread's, and the destructor's after it.
  GoingAway going_away_;
  int age_ = 0;
  int of_this_age_ = 0;  // requests
  std::unordered_map<CURL*, std::unique_ptr<Transfer>> under_way_;
  std::vector<std::unique_ptr<Transfer>> kept_;

  std::thread thread_;
};

bool SetUp(CURLM* multi, size_t connections_per_host) {
  const auto set = [multi](CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value) == CURLM_OK;
  };
  // As many again while connections are replaced by new ones.
  return set(CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_MULTIPLEX)) &&
         set(CURLMOPT_MAX_HOST_CONNECTIONS, 2 * static_cast<long>(connections_per_host)) &&
         set(CURLMOPT_MAX_TOTAL_CONNECTIONS, limits::kOutboundConnectionsMax) &&
         set(CURLMOPT_MAXCONNECTS, limits::kOutboundConnectionsMax) &&
         set(CURLMOPT_MAX_CONCURRENT_STREAMS, limits::kHttpStreamsMax);
}

}  // namespace

Result<std::unique_ptr<HttpClient>> HttpClient::Start(Options options) {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (ready != CURLE_OK) return Error{Code::INTERNAL, "libcurl does not start"};
  if (!options.ca_file.empty()) {
    if (Status read = CheckAuthorities(options.ca_file); !read) return std::move(read).error();
  }
  CURLM* multi = curl_multi_init();
  if (multi == nullptr || !SetUp(multi, options.connections_per_host)) {
    curl_multi_cleanup(multi);
    return Error{Code::INTERNAL, "libcurl does not start"};
  }
  return std::unique_ptr<HttpClient>(std::make_unique<CurlHttpClient>(std::move(options), multi));
}

}  // namespace parley::bridge

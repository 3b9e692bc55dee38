#include "bridge/outbound/http_client.h"

#include <atomic>
#include <mutex>
#include <thread>
#include <unordered_map>

#include <curl/curl.h>
#include <openssl/ssl.h>
#include <pthread.h>

#include "bridge/outbound/limits.h"
#include "bridge/outbound/transfer.h"

namespace parley::bridge {
namespace {

// How long the thread sleeps when there is nothing to do; a request wakes it.
constexpr int kIdleMs = 1'000;

HttpAnswer NotSent(std::string error) {
  return {.kind = HttpAnswer::Kind::kNotSent, .error = std::move(error)};
}

Status CheckAuthorities(const std::string& path) {
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()),
                                                                  &SSL_CTX_free);
  if (context != nullptr && SSL_CTX_load_verify_file(context.get(), path.c_str()) == 1) return {};
  return Error{Code::INVALID_ARGUMENT, path + ": no certificate in PEM can be read there"};
}

class CurlClient final : public HttpClient {
 public:
  CurlClient(Options options, CURLM* multi) : options_(std::move(options)), multi_(multi) {
    curl_multi_setopt(multi_, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_MULTIPLEX));
    curl_multi_setopt(multi_, CURLMOPT_MAX_HOST_CONNECTIONS,
                      static_cast<long>(options_.connections_per_host));
    curl_multi_setopt(multi_, CURLMOPT_MAX_TOTAL_CONNECTIONS, limits::kOutboundConnectionsMax);
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, limits::kOutboundConnectionsMax);
    curl_multi_setopt(multi_, CURLMOPT_MAX_CONCURRENT_STREAMS, limits::kHttpStreamsMax);
    thread_ = std::thread([this] { Run(); });
  }

  ~CurlClient() override {
    stopping_ = true;
    curl_multi_wakeup(multi_);
    thread_.join();
    for (auto& [handle, transfer] : transfers_) {
      HttpAnswer answer = transfer->AnswerOf(CURLE_ABORTED_BY_CALLBACK);
      curl_multi_remove_handle(multi_, handle);
      transfer->Finish(std::move(answer));
    }
    transfers_.clear();
    for (Asked& asked : asked_) asked.done(NotSent("the bridge stops"));
    curl_multi_cleanup(multi_);
  }

  void Send(HttpRequest request, Done done) override {
    {
      const std::lock_guard lock(mutex_);
      const bool full = held_ >= limits::kHttpRequestsMax;
      if (!full) ++held_;
      asked_.push_back({full ? HttpRequest() : std::move(request), std::move(done), full});
    }
    curl_multi_wakeup(multi_);
  }

 private:
  struct Asked {
    HttpRequest request;
    Done done;
    bool full;  // only told that there is no room
  };

  void Run() {
    pthread_setname_np(pthread_self(), options_.name.substr(0, 15).c_str());
    while (!stopping_) {
      TakeAsked();
      int running = 0;
      curl_multi_perform(multi_, &running);
      TakeFinished();
      curl_multi_poll(multi_, nullptr, 0, kIdleMs, nullptr);
    }
  }

  void TakeAsked() {
    std::vector<Asked> asked;
    {
      const std::lock_guard lock(mutex_);
      asked.swap(asked_);
    }
    for (Asked& one : asked) {
      if (one.full) {
        one.done(NotSent("too many requests wait"));
      } else {
        Begin(std::move(one));
      }
    }
  }

  void Begin(Asked asked) {
    auto transfer =
        std::make_unique<Transfer>(options_, going_away_, std::move(asked.request), std::move(asked.done));
    CURL* const handle = transfer->handle();
    if (handle == nullptr || curl_multi_add_handle(multi_, handle) != CURLM_OK) {
      Release();
      transfer->Finish(NotSent("out of memory"));
      return;
    }
    transfers_.emplace(handle, std::move(transfer));
  }

  void TakeFinished() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      CURL* const handle = message->easy_handle;
      const CURLcode code = message->data.result;
      auto found = transfers_.extract(handle);
      HttpAnswer answer = found.mapped()->AnswerOf(code);
      curl_multi_remove_handle(multi_, handle);
      Release();
      found.mapped()->Finish(std::move(answer));
    }
  }

  void Release() {
    const std::lock_guard lock(mutex_);
    --held_;
  }

  const Options options_;
  CURLM* const multi_;
  std::atomic<bool> stopping_ = false;

  std::mutex mutex_;
  std::vector<Asked> asked_;  // by mutex_
  size_t held_ = 0;           // by mutex_: asked and under way

  // Of the thread; of the destructor's when that has ended.
  GoingAway going_away_;
  std::unordered_map<CURL*, std::unique_ptr<Transfer>> transfers_;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<HttpClient>> HttpClient::Start(Options options) {
  static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (initialised != CURLE_OK) return Error{Code::INTERNAL, "libcurl cannot be initialised"};
  if (!options.ca_file.empty()) {
    if (Status read = CheckAuthorities(options.ca_file); !read) return std::move(read).error();
  }
  CURLM* const multi = curl_multi_init();
  if (multi == nullptr) return Error{Code::RESOURCE_EXHAUSTED, "no memory for an HTTP client"};
  return std::unique_ptr<HttpClient>(std::make_unique<CurlClient>(std::move(options), multi));
}

}  // namespace parley::bridge

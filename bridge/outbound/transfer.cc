#include "bridge/outbound/transfer.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstring>
#include <string>
#include <utility>

#include <sys/socket.h>
#include <unistd.h>

#include "bridge/outbound/limits.h"
#include "schemas/json.h"

namespace parley::bridge {
namespace {

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char byte) { return static_cast<char>(std::tolower(byte)); });
  return lower;
}

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

// The number behind `name` in a line of libcurl's.
std::optional<long> NumberBehind(std::string_view text, std::string_view name) {
  const size_t found = text.find(name);
  if (found == std::string_view::npos) return std::nullopt;
  long number = 0;
  const char* first = text.data() + found + name.size();
  if (std::from_chars(first, text.data() + text.size(), number).ec != std::errc()) return std::nullopt;
  return number;
}

long LocalPort(CURL* handle) {
  long port = 0;
  curl_easy_getinfo(handle, CURLINFO_LOCAL_PORT, &port);
  return port;
}

}  // namespace

void GoingAway::Add(long local_port, long last_stream) {
  Forget(local_port);
  if (connections_.size() == limits::kGoingAwayMax) connections_.pop_front();
  connections_.push_back({local_port, last_stream});
}

void GoingAway::Forget(long local_port) {
  std::erase_if(connections_, [&](const Connection& one) { return one.local_port == local_port; });
}

bool GoingAway::Refuses(long local_port, long stream) const {
  return std::any_of(connections_.begin(), connections_.end(), [&](const Connection& one) {
    return one.local_port == local_port && stream > one.last_stream;
  });
}

Transfer::Transfer(const HttpClient::Options& options, GoingAway& going_away, HttpRequest request,
                   HttpClient::Done done)
    : options_(options),
      going_away_(going_away),
      request_(std::move(request)),
      done_(std::move(done)),
      handle_(curl_easy_init()) {
  if (handle_ != nullptr) SetUp();
}

Transfer::~Transfer() {
  if (handle_ != nullptr) curl_easy_cleanup(handle_);
  curl_slist_free_all(headers_);
}

void Transfer::SetUp() {
  const auto set = [&](CURLoption option, auto value) { curl_easy_setopt(handle_, option, value); };
  plain_ = Lower(request_.url.substr(0, 5)) == "http:";
  set(CURLOPT_URL, request_.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, options_.policy.allows_http() ? "https,http" : "https");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_PROXY, "");  // whatever the environment says
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  set(CURLOPT_PIPEWAIT, 1L);
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_timeout_ms));
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(options_.timeout_ms));
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!options_.ca_file.empty()) set(CURLOPT_CAINFO, options_.ca_file.c_str());
  set(CURLOPT_ERRORBUFFER, error_);
  set(CURLOPT_PRIVATE, this);

  // The body comes from a function, and cannot be rewound: libcurl repeats by itself what it sent on a
  // connection that turns out to be dead, and the server may have acted on it.
  set(CURLOPT_POST, 1L);
  set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
  set(CURLOPT_READFUNCTION, &Transfer::OnRead);
  set(CURLOPT_READDATA, this);
  set(CURLOPT_SEEKFUNCTION, &Transfer::OnSeek);
  set(CURLOPT_SEEKDATA, this);
  set(CURLOPT_WRITEFUNCTION, &Transfer::OnWrite);
  set(CURLOPT_WRITEDATA, this);
  set(CURLOPT_HEADERFUNCTION, &Transfer::OnHeader);
  set(CURLOPT_HEADERDATA, this);
  // The very address that is connected to is looked at, whatever the name resolved to before.
  set(CURLOPT_OPENSOCKETFUNCTION, &Transfer::OnSocket);
  set(CURLOPT_OPENSOCKETDATA, this);
  // Which stream it was, and that the server goes away, is said in no other way.
  set(CURLOPT_VERBOSE, 1L);
  set(CURLOPT_DEBUGFUNCTION, &Transfer::OnDebug);
  set(CURLOPT_DEBUGDATA, this);

  bool typed = false;
  for (const auto& [name, value] : request_.headers) {
    typed = typed || Lower(name) == "content-type";
    // "name;" is how libcurl is told to send one without a value.
    headers_ = curl_slist_append(headers_, (value.empty() ? name + ";" : name + ": " + value).c_str());
  }
  if (!typed) headers_ = curl_slist_append(headers_, "content-type:");
  headers_ = curl_slist_append(headers_, "expect:");
  set(CURLOPT_HTTPHEADER, headers_);
}

size_t Transfer::OnRead(char* buffer, size_t size, size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  const size_t bytes = std::min(size * count, transfer.request_.body.size() - transfer.body_read_);
  std::memcpy(buffer, transfer.request_.body.data() + transfer.body_read_, bytes);
  transfer.body_read_ += bytes;
  return bytes;
}

int Transfer::OnSeek(void* self, curl_off_t offset, int origin) {
  const bool nothing_read = static_cast<Transfer*>(self)->body_read_ == 0;
  return nothing_read && offset == 0 && origin == SEEK_SET ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
}

size_t Transfer::OnWrite(char* bytes, size_t size, size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  const size_t length = size * count;
  std::string& body = transfer.answer_.body;
  body.append(bytes, std::min(length, limits::kHttpAnswerBytesMax - body.size()));
  transfer.answer_bytes_ += length;
  return transfer.answer_bytes_ > limits::kHttpAnswerBytesRead ? 0 : length;
}

size_t Transfer::OnHeader(char* bytes, size_t size, size_t count, void* self) {
  static_cast<Transfer*>(self)->TakeHeader({bytes, size * count});
  return size * count;
}

void Transfer::TakeHeader(std::string_view line) {
  if (line.substr(0, 5) == "HTTP/") {  // of an interim answer, or of the last one
    answer_.headers.clear();
    return;
  }
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos || answer_.headers.size() >= limits::kHttpAnswerHeadersMax) return;
  answer_.headers.insert_or_assign(Lower(line.substr(0, colon)),
                                   std::string(Trimmed(line.substr(colon + 1))));
}

curl_socket_t Transfer::OnSocket(void* self, curlsocktype purpose, curl_sockaddr* address) {
  auto& transfer = *static_cast<Transfer*>(self);
  const AddressPolicy& policy = transfer.options_.policy;
  if (purpose != CURLSOCKTYPE_IPCXN ||
      !(transfer.plain_ ? policy.AllowsPlain(address->addr) : policy.Allows(address->addr))) {
    transfer.forbidden_ = true;
    return CURL_SOCKET_BAD;
  }
  transfer.allowed_ = true;
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

int Transfer::OnDebug(CURL*, curl_infotype type, char* text, size_t size, void* self) {
  if (type == CURLINFO_TEXT) static_cast<Transfer*>(self)->TakeText({text, size});
  return 0;
}

void Transfer::TakeText(std::string_view text) {
  if (const std::optional<long> stream = NumberBehind(text, "Using Stream ID: ")) {
    stream_ = *stream;
    if (stream_ == 1) going_away_.Forget(LocalPort(handle_));
  } else if (text.find("GOAWAY") != std::string_view::npos) {
    if (const std::optional<long> last = NumberBehind(text, "last_stream="))
      going_away_.Add(LocalPort(handle_), *last);
  } else if (text.find("REFUSED_STREAM") != std::string_view::npos) {
    refused_ = true;
  }
}

bool Transfer::WasRefused() const {
  return refused_ || (stream_ > 0 && going_away_.Refuses(LocalPort(handle_), stream_));
}

HttpAnswer Transfer::AnswerOf(CURLcode code) const {
  HttpAnswer answer = answer_;
  long status = 0;
  curl_easy_getinfo(handle_, CURLINFO_RESPONSE_CODE, &status);
  const bool cut_off = code == CURLE_WRITE_ERROR && answer_bytes_ > limits::kHttpAnswerBytesRead;
  if ((code == CURLE_OK || cut_off) && status >= 200) {
    answer.kind = HttpAnswer::Kind::kAnswered;
    answer.status = static_cast<int>(status);
    return answer;
  }
  answer.headers.clear();
  answer.body.clear();
  answer.error = Printable(error_[0] != '\0' ? error_ : curl_easy_strerror(code));
  long sent = 0;
  curl_easy_getinfo(handle_, CURLINFO_REQUEST_SIZE, &sent);
  // Of a request with a body, the head alone is nothing that a server acts on.
  const bool went_out = body_read_ > 0 || (request_.body.empty() && sent > 0);
  if (went_out && (status > 0 || !WasRefused())) {
    answer.kind = HttpAnswer::Kind::kNoAnswer;
    if (code == CURLE_SEND_FAIL_REWIND) answer.error = "the connection was closed before an answer came";
  } else if (!went_out && forbidden_ && !allowed_) {
    answer.kind = HttpAnswer::Kind::kForbidden;
    answer.error = "the server's address is one that must not be called";
  } else {
    answer.kind = HttpAnswer::Kind::kNotSent;
    if (went_out) answer.error = "the server closes the connection and has not looked at the request";
  }
  return answer;
}

}  // namespace parley::bridge

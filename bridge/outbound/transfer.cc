#include "bridge/outbound/transfer.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bridge/outbound/limits.h"
#include "schemas/json.h"

namespace parley::bridge {
namespace {

// The least that libcurl has; a push or an event fits in one of them.
constexpr long kBufferBytes = 16L * 1024;

bool IsHeaderName(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

bool IsHeaderValue(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) {
    return c == '\t' || (static_cast<unsigned char>(c) >= ' ' && c != '\x7f');
  });
}

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

std::string Written(const sockaddr& address, socklen_t size) {
  std::array<char, NI_MAXHOST> text{};
  if (getnameinfo(&address, size, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) != 0) return "?";
  return text.data();
}

// Of a URL that CheckUrl has let pass.
std::string HostOf(const std::string& url) {
  const size_t begin = url.find("://");
  if (begin == std::string::npos) return url;
  return url.substr(begin + 3, url.find_first_of("/?#", begin + 3) - begin - 3);
}

// The system's folder of authorities, by a name of its own for each age. libcurl lets requests share a
// connection only when these names are the same: it has no other way to say that a connection is old.
std::string AuthoritiesOfAge(int age) {
  const char* known = curl_version_info(CURLVERSION_NOW)->capath;
  return std::string(known != nullptr ? known : "/etc/ssl/certs").append(static_cast<size_t>(age) + 1, '/');
}

bool Begins(std::string_view text, std::string_view begin) {
  return text.substr(0, begin.size()) == begin;
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

// Its addresses and ports; those of the request's last connection.
std::string ConnectionOf(CURL* handle) {
  char* local = nullptr;
  char* remote = nullptr;
  long local_port = 0;
  long remote_port = 0;
  curl_easy_getinfo(handle, CURLINFO_LOCAL_IP, &local);
  curl_easy_getinfo(handle, CURLINFO_PRIMARY_IP, &remote);
  curl_easy_getinfo(handle, CURLINFO_LOCAL_PORT, &local_port);
  curl_easy_getinfo(handle, CURLINFO_PRIMARY_PORT, &remote_port);
  std::string name = local != nullptr ? local : "";
  name.append(" ").append(std::to_string(local_port)).append(" ").append(remote != nullptr ? remote : "");
  return name.append(" ").append(std::to_string(remote_port));
}

bool IsPlain(const std::string& url) {
  return LowerCase(std::string_view(url).substr(0, 5)) == "http:";
}

}  // namespace

std::unique_ptr<Transfer> Transfer::Make(const HttpClient::Options& options, GoingAway& going_away) {
  std::unique_ptr<Transfer> transfer(new Transfer(options, going_away));
  if (!transfer->SetUp()) return nullptr;
  return transfer;
}

Transfer::~Transfer() {
  curl_easy_cleanup(easy_);
  curl_slist_free_all(header_lines_);
}

Transfer* Transfer::Of(CURL* handle) {
  void* self = nullptr;
  curl_easy_getinfo(handle, CURLINFO_PRIVATE, &self);
  return static_cast<Transfer*>(self);
}

bool Transfer::SetUp() {
  easy_ = curl_easy_init();
  if (easy_ == nullptr) return false;
  bool good = true;
  const auto set = [&](CURLoption option, auto value) {
    good = good && curl_easy_setopt(easy_, option, value) == CURLE_OK;
  };
  set(CURLOPT_PRIVATE, this);
  set(CURLOPT_ERRORBUFFER, error_.data());
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_POST, 1L);
  set(CURLOPT_READFUNCTION, &Transfer::OnRead);
  set(CURLOPT_READDATA, this);
  set(CURLOPT_SEEKFUNCTION, &Transfer::OnSeek);
  set(CURLOPT_SEEKDATA, this);
  set(CURLOPT_HEADERFUNCTION, &Transfer::OnHeader);
  set(CURLOPT_HEADERDATA, this);
  set(CURLOPT_WRITEFUNCTION, &Transfer::OnBody);
  set(CURLOPT_WRITEDATA, this);
  set(CURLOPT_OPENSOCKETFUNCTION, &Transfer::OnOpenSocket);
  set(CURLOPT_OPENSOCKETDATA, this);
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_PROXY, "");
  set(CURLOPT_PROTOCOLS_STR, options_.policy.allows_http() ? "http,https" : "https");
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  set(CURLOPT_PIPEWAIT, 1L);
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_timeout_ms));
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(options_.timeout_ms));
  set(CURLOPT_BUFFERSIZE, kBufferBytes);
  set(CURLOPT_UPLOAD_BUFFERSIZE, kBufferBytes);
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  // Which stream it was, and that the server goes away, libcurl says in no other way.
  set(CURLOPT_VERBOSE, 1L);
  set(CURLOPT_DEBUGFUNCTION, &Transfer::OnDebug);
  set(CURLOPT_DEBUGDATA, this);
  // Beside the system's: libcurl looks in its folder of authorities, too.
  if (!options_.ca_file.empty()) set(CURLOPT_CAINFO, options_.ca_file.c_str());
  return good;
}

Status Transfer::Begin(HttpRequest request, HttpClient::Done done, int age) {
  request_ = std::move(request);
  done_ = std::move(done);
  answer_ = {};
  body_sent_ = 0;
  started_ = false;
  begun_ = false;
  repeating_ = false;
  cut_off_ = false;
  header_bytes_ = 0;
  body_bytes_ = 0;
  refused_ = false;
  stream_ = 0;
  any_address_allowed_ = false;
  forbidden_.clear();
  error_[0] = '\0';

  if (Status checked = options_.policy.CheckUrl(request_.url); !checked) return checked;
  if (Status added = AddHeaders(); !added) return added;
  // Without a body nothing tells us whether a repetition would be the first to arrive: libcurl repeats only
  // on connections that were used before, so such a request gets its own.
  const bool bare = request_.body.empty();
  if (curl_easy_setopt(easy_, CURLOPT_URL, request_.url.c_str()) != CURLE_OK ||
      curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, header_lines_) != CURLE_OK ||
      curl_easy_setopt(easy_, CURLOPT_CAPATH, AuthoritiesOfAge(age).c_str()) != CURLE_OK ||
      curl_easy_setopt(easy_, CURLOPT_FRESH_CONNECT, bare ? 1L : 0L) != CURLE_OK ||
      curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size())) !=
          CURLE_OK) {
    return Error{Code::INTERNAL, "the request could not be made ready"};
  }
  return {};
}

Status Transfer::AddHeaders() {
  curl_slist_free_all(header_lines_);
  header_lines_ = nullptr;
  const auto add = [this](const std::string& line) {
    curl_slist* longer = curl_slist_append(header_lines_, line.c_str());
    if (longer != nullptr) header_lines_ = longer;
    return longer != nullptr;
  };
  // Not what libcurl says by itself: no waiting for "100 Continue", no type that nobody gave.
  bool good = add("Expect:") && add("Accept:");
  bool typed = false;
  for (const auto& [name, value] : request_.headers) {
    if (!IsHeaderName(name) || !IsHeaderValue(value)) {
      return Error{Code::INVALID_ARGUMENT,
                   "the header " + Printable(name, 40) + " holds what no header may hold"};
    }
    typed = typed || LowerCase(name) == "content-type";
    std::string line = name;
    line.append(value.empty() ? ";" : ": ").append(value);  // "name;" sends one without a value
    good = good && add(line);
  }
  if (!typed) good = good && add("Content-Type:");
  if (!good) return Error{Code::INTERNAL, "no memory for the request's headers"};
  return {};
}

void Transfer::End(CURLcode result) {
  Answer(AnswerTo(result));
}

void Transfer::BreakOff() {
  Answer(NotAnswered("the bridge stops"));
}

void Transfer::Answer(HttpAnswer answer) {
  const HttpClient::Done done = std::move(done_);
  done_ = nullptr;
  request_ = {};
  done(std::move(answer));
}

HttpAnswer Transfer::AnswerTo(CURLcode result) {
  long status = 0;
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  if (status >= 200 && (result == CURLE_OK || (result == CURLE_WRITE_ERROR && cut_off_))) {
    answer_.kind = HttpAnswer::Kind::kAnswered;
    answer_.status = static_cast<int>(status);
    return std::move(answer_);
  }
  if (!WentOut() && !forbidden_.empty() && !any_address_allowed_) {
    HttpAnswer answer;
    answer.kind = HttpAnswer::Kind::kForbidden;
    answer.error = HostOf(request_.url) + " is at " + forbidden_ + ", which must not be called";
    return answer;
  }
  return NotAnswered(WhyNot(result));
}

bool Transfer::WentOut() const {
  if (begun_) return true;
  if (!request_.body.empty()) return false;  // the head alone is nothing that a server acts on
  long bytes = 0;
  curl_easy_getinfo(easy_, CURLINFO_REQUEST_SIZE, &bytes);
  return bytes > 0;
}

bool Transfer::WasRefused() const {
  return header_bytes_ == 0 &&
         (refused_ || (stream_ > 0 && going_away_.Refuses(ConnectionOf(easy_), stream_)));
}

HttpAnswer Transfer::NotAnswered(const std::string& why) const {
  HttpAnswer answer;
  answer.kind = WentOut() && !WasRefused() ? HttpAnswer::Kind::kNoAnswer : HttpAnswer::Kind::kNotSent;
  answer.error = Printable(HostOf(request_.url), 255) + ": " + why;
  return answer;
}

std::string Transfer::WhyNot(CURLcode result) const {
  if (WentOut() && WasRefused()) return "the server closes the connection and has not looked at the request";
  if (repeating_) return "the connection was lost before the answer";
  // libcurl's words where they are plain enough; they are one line.
  if (result == CURLE_SEND_FAIL_REWIND || (result == CURLE_RECV_ERROR && WentOut()))
    return "the connection was lost before the answer";
  const std::string words = error_[0] != '\0' ? error_.data() : curl_easy_strerror(result);
  return Printable(words, 200);
}

size_t Transfer::OnRead(char* buffer, size_t size, size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  // What it took before it lost, and it would go on behind that.
  if (transfer.repeating_) return CURL_READFUNC_ABORT;
  const std::string& body = transfer.request_.body;
  if (transfer.request_.on_start && !std::exchange(transfer.started_, true) &&
      !transfer.request_.on_start()) {
    return CURL_READFUNC_ABORT;
  }
  const size_t bytes = std::min(size * count, body.size() - transfer.body_sent_);
  std::copy_n(body.data() + transfer.body_sent_, bytes, buffer);
  transfer.body_sent_ += bytes;
  transfer.begun_ = true;
  return bytes;
}

// libcurl asks for it before it repeats a request. What was handed out may have been acted on.
int Transfer::OnSeek(void* self, curl_off_t offset, int origin) {
  const auto& transfer = *static_cast<Transfer*>(self);
  const bool to_the_begin = offset == 0 && origin == SEEK_SET;
  return to_the_begin && !transfer.begun_ ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
}

size_t Transfer::OnHeader(char* line, size_t size, size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  HttpAnswer& answer = transfer.answer_;
  const std::string_view text(line, size * count);
  transfer.begun_ = true;
  transfer.header_bytes_ += text.size();
  if (transfer.header_bytes_ > limits::kHttpAnswerHeaderBytesRead) return 0;
  const size_t colon = text.find(':');
  if (Begins(text, "HTTP/")) {
    answer.headers.clear();  // those before were of an interim answer
  } else if (colon != std::string_view::npos) {
    std::string name = LowerCase(Trimmed(text.substr(0, colon)));
    const std::string_view value = Trimmed(text.substr(colon + 1));
    const auto known = answer.headers.find(name);
    if (known != answer.headers.end()) {
      known->second.append(", ").append(value);
    } else if (answer.headers.size() < limits::kHttpAnswerHeadersMax) {
      answer.headers.emplace(std::move(name), value);
    }
  }
  return text.size();
}

size_t Transfer::OnBody(char* bytes, size_t size, size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  const size_t arrived = size * count;
  transfer.body_bytes_ += arrived;
  if (transfer.body_bytes_ > limits::kHttpAnswerBytesRead) {
    transfer.cut_off_ = true;
    return 0;
  }
  std::string& body = transfer.answer_.body;
  body.append(bytes, std::min(arrived, limits::kHttpAnswerBytesMax - body.size()));
  return arrived;
}

int Transfer::OnDebug(CURL* /*handle*/, curl_infotype type, char* text, size_t size, void* self) {
  if (type == CURLINFO_TEXT) static_cast<Transfer*>(self)->TakeWords({text, size});
  return 0;
}

// Only what begins a line is libcurl's own; URLs and headers stand in some, too.
// What is not understood changes nothing: the request counts as one that the server may have acted on.
void Transfer::TakeWords(std::string_view words) {
  if (Begins(words, "Using Stream ID: ")) {
    stream_ = NumberBehind(words, "ID: ").value_or(0);
    if (stream_ == 1) going_away_.Forget(ConnectionOf(easy_));
  } else if (Begins(words, "recveived GOAWAY, ") || Begins(words, "received GOAWAY, ")) {
    // Said to whichever request reads from the connection.
    if (const std::optional<long> last = NumberBehind(words, "last_stream="))
      going_away_.Add(ConnectionOf(easy_), *last);
  } else if (Begins(words, "REFUSED_STREAM, ")) {
    refused_ = true;
  } else if (Begins(words, "Connection died, retrying")) {
    // Of the connection that it leaves; what follows is about another one.
    refused_ = begun_ && WasRefused();
    repeating_ = begun_;
    stream_ = 0;
  }
}

// The very address that is about to be connected to, whatever the name resolved to before.
curl_socket_t Transfer::OnOpenSocket(void* self, curlsocktype purpose, curl_sockaddr* address) {
  auto& transfer = *static_cast<Transfer*>(self);
  const AddressPolicy& policy = transfer.options_.policy;
  if (transfer.repeating_) return CURL_SOCKET_BAD;  // nothing could be sent on it
  const bool allowed =
      purpose == CURLSOCKTYPE_IPCXN &&
      (IsPlain(transfer.request_.url) ? policy.AllowsPlain(address->addr) : policy.Allows(address->addr));
  if (!allowed) {
    transfer.forbidden_ = Written(address->addr, address->addrlen);
    return CURL_SOCKET_BAD;
  }
  transfer.any_address_allowed_ = true;
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

}  // namespace parley::bridge

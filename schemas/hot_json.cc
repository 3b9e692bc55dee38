#include "schemas/hot_json.h"

#include <charconv>
#include <cstdint>

#include <rapidjson/reader.h>

#include "schemas/code.h"
#include "schemas/json.h"

namespace parley {
namespace {

// Writes one flat JSON object after another; a field at a time, in the order of the schema.
class Writer {
 public:
  explicit Writer(size_t bytes) { out_.reserve(bytes); }

  void Open() {
    out_ += '{';
    first_ = true;
  }
  void Close() {
    out_ += '}';
    first_ = false;
  }
  // `name` with its quotes and colon: "\"seq\":".
  void Name(std::string_view name) {
    if (!first_) out_ += ',';
    first_ = false;
    out_ += name;
  }
  void Text(std::string_view name, std::string_view text) {
    Name(name);
    Quote(text);
  }
  // 64-bit integers are strings in proto3's JSON.
  void Number64(std::string_view name, uint64_t number) {
    Name(name);
    out_ += '"';
    Digits(number);
    out_ += '"';
  }
  void Number32(std::string_view name, uint32_t number) {
    Name(name);
    Digits(number);
  }
  void Bool(std::string_view name, bool value) {
    Name(name);
    out_ += value ? "true" : "false";
  }
  template <typename Texts>
  void List(std::string_view name, const Texts& texts) {
    Name(name);
    out_ += '[';
    bool first = true;
    for (const std::string& text : texts) {
      if (!first) out_ += ',';
      first = false;
      Quote(text);
    }
    out_ += ']';
  }
  std::string Take() { return std::move(out_); }

 private:
  void Digits(uint64_t number) {
    char digits[20];
    const auto [end, error] = std::to_chars(digits, digits + sizeof digits, number);
    out_.append(digits, end);
  }
  // RFC 8259, section 7. `text` is UTF-8.
  void Quote(std::string_view text) {
    static constexpr char kHex[] = "0123456789abcdef";
    out_ += '"';
    size_t plain = 0;  // [plain, i) needs no escape
    for (size_t i = 0; i < text.size(); ++i) {
      const auto byte = static_cast<uint8_t>(text[i]);
      if (byte >= 0x20 && byte != '"' && byte != '\\' && byte != 0x7F) continue;
      out_.append(text, plain, i - plain);
      plain = i + 1;
      if (byte == '"' || byte == '\\') {
        out_ += '\\';
        out_ += text[i];
      } else {
        out_.append("\\u00");
        out_ += kHex[byte >> 4];
        out_ += kHex[byte & 15];
      }
    }
    out_.append(text, plain);
    out_ += '"';
  }

  std::string out_;
  bool first_ = true;
};

// True when a code point of U+D800–DFFF was written as if it were one: RapidJSON makes that of "\udc4d"
// alone.
bool HoldsSurrogate(std::string_view text) {
  for (size_t at = text.find('\xED'); at != std::string_view::npos; at = text.find('\xED', at + 1)) {
    if (at + 1 < text.size() && static_cast<uint8_t>(text[at + 1]) >= 0xA0) return true;
  }
  return false;
}

// SAX handler of ReadCommonDraft(). A callback returns false for what is not of the common shape.
class CommonDraft : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, CommonDraft> {
 public:
  explicit CommonDraft(v1::Draft& draft) : draft_(draft) {}

  bool Default() { return false; }  // numbers, bools, null
  bool StartObject() {
    if (depth_ == 0) {
      depth_ = 1;
      return true;
    }
    if (depth_ != 1 || field_ != Field::kTextBody) return false;
    depth_ = 2;
    draft_.mutable_text();
    return true;
  }
  bool EndObject(rapidjson::SizeType) {
    --depth_;
    return true;
  }
  bool StartArray() {
    if (field_ != Field::kMentions || in_list_) return false;
    in_list_ = true;
    return true;
  }
  bool EndArray(rapidjson::SizeType) {
    in_list_ = false;
    return true;
  }
  bool Key(const char* text, rapidjson::SizeType size, bool) {
    field_ = FieldOf({text, size});
    const auto bit = 1U << static_cast<unsigned>(field_);
    if (field_ == Field::kOther || (seen_ & bit) != 0) return false;
    seen_ |= bit;
    return true;
  }
  bool String(const char* text, rapidjson::SizeType size, bool) {
    if (HoldsSurrogate({text, size})) return false;
    switch (field_) {
      case Field::kId:
        draft_.set_id(text, size);
        return true;
      case Field::kMentions:
        if (in_list_) draft_.add_mentions(text, size);
        return in_list_;
      case Field::kText:
        draft_.mutable_text()->set_text(text, size);
        return true;
      case Field::kFormat: {
        v1::Text::Format format = v1::Text::PLAIN;
        if (!v1::Text::Format_Parse(std::string(text, size), &format)) return false;
        draft_.mutable_text()->set_format(format);
        return true;
      }
      default:
        return false;
    }
  }

 private:
  enum class Field : unsigned { kOther, kId, kTextBody, kMentions, kText, kFormat };
  Field FieldOf(std::string_view name) const {
    if (depth_ == 1) {
      if (name == "id") return Field::kId;
      if (name == "text") return Field::kTextBody;
      if (name == "mentions") return Field::kMentions;
    } else {
      if (name == "text") return Field::kText;
      if (name == "format") return Field::kFormat;
    }
    return Field::kOther;
  }

  v1::Draft& draft_;
  int depth_ = 0;
  bool in_list_ = false;
  Field field_ = Field::kOther;
  unsigned seen_ = 0;
};

}  // namespace

std::string EventToJson(const v1::Event& event) {
  if (event.body_case() != v1::Event::kText || !v1::Text::Format_IsValid(event.text().format())) {
    return ToJson(event);
  }
  Writer json(256 + event.text().text().size());
  json.Open();
  json.Text("\"room\":", event.room());
  json.Number64("\"seq\":", event.seq());
  json.Number64("\"feed\":", event.feed());
  json.Number64("\"tsMs\":", event.ts_ms());
  json.Text("\"sender\":", event.sender());
  json.Text("\"client\":", event.client());
  json.Text("\"id\":", event.id());
  json.Text("\"topic\":", event.topic());
  json.Name("\"text\":");
  json.Open();
  json.Text("\"text\":", event.text().text());
  json.Text("\"format\":", v1::Text::Format_Name(event.text().format()));
  json.Close();
  json.Number64("\"replyTo\":", event.reply_to());
  json.Number64("\"thread\":", event.thread());
  json.List("\"mentions\":", event.mentions());
  json.Number32("\"expiresInS\":", event.expires_in_s());
  json.Close();
  return json.Take();
}

std::string AckToJson(const v1::Ack& ack) {
  Writer json(192 + ack.reason().size());
  json.Open();
  json.Text("\"id\":", ack.id());
  json.Text("\"room\":", ack.room());
  json.Number64("\"seq\":", ack.seq());
  json.Number64("\"feed\":", ack.feed());
  json.Number64("\"tsMs\":", ack.ts_ms());
  json.Text("\"code\":", CodeName(ack.code()));
  json.Text("\"reason\":", ack.reason());
  json.Bool("\"duplicate\":", ack.duplicate());
  json.Text("\"durability\":", v1::Ack::Durability_Name(ack.durability()));
  json.Close();
  return json.Take();
}

bool ReadCommonDraft(std::string_view json, v1::Draft& draft) {
  draft.Clear();
  CommonDraft handler(draft);
  rapidjson::MemoryStream stream(json.data(), json.size());
  rapidjson::GenericReader<rapidjson::UTF8<>, rapidjson::UTF8<>> reader;
  const bool read = !reader.Parse<rapidjson::kParseValidateEncodingFlag>(stream, handler).IsError();
  return read && stream.Tell() == json.size();  // a U+0000 passes for the end
}

}  // namespace parley

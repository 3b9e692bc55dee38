#include "bridge/presence/person.h"

#include <algorithm>

namespace parley::bridge {

v1::Presence ShownPresence(const Person& person) {
  v1::Presence presence;
  presence.set_user(person.user);
  if (person.chosen == v1::Presence::INVISIBLE) {
    presence.set_last_seen_ms(person.shown_last_seen_ms);
    presence.set_status_text(person.shown_status_text);
    return presence;
  }
  presence.set_status_text(person.status_text);
  if (!person.here) {
    presence.set_last_seen_ms(person.last_seen_ms);
    return presence;
  }
  presence.set_state(person.chosen);
  presence.set_devices(std::max(person.sessions, uint32_t{1}));  // the grace hides a reconnect
  return presence;
}

v1::Presence OwnPresence(const Person& person) {
  if (person.chosen != v1::Presence::INVISIBLE) return ShownPresence(person);
  v1::Presence presence;
  presence.set_user(person.user);
  presence.set_state(v1::Presence::INVISIBLE);
  presence.set_status_text(person.status_text);
  presence.set_devices(person.sessions);
  if (!person.here) presence.set_last_seen_ms(person.last_seen_ms);
  return presence;
}

void Choose(Person& person, std::optional<v1::Presence::State> state,
            const std::optional<std::string>& status_text, uint64_t wall_ms) {
  const bool was_invisible = person.chosen == v1::Presence::INVISIBLE;
  if (state) person.chosen = *state;
  if (person.chosen == v1::Presence::INVISIBLE && !was_invisible) {
    // For others it looks as if they had left just now.
    person.shown_last_seen_ms = person.here ? wall_ms : person.last_seen_ms;
    person.shown_status_text = person.status_text;
  }
  if (status_text) person.status_text = *status_text;
}

void BeginAnew(Person& person) {
  Restore({}, person);
}

internal::v1::PresenceRecord RecordOf(const Person& person) {
  internal::v1::PresenceRecord record;
  record.set_uid(person.uid);
  record.set_chosen(person.chosen);
  record.set_status_text(person.status_text);
  record.set_last_seen_ms(person.last_seen_ms);
  record.set_online(person.here);
  record.set_shown_last_seen_ms(person.shown_last_seen_ms);
  record.set_shown_status_text(person.shown_status_text);
  record.set_heard_ms(person.heard_ms);
  return record;
}

void Restore(const internal::v1::PresenceRecord& record, Person& person) {
  person.uid = record.uid();
  person.chosen = record.chosen() == v1::Presence::OFFLINE ? v1::Presence::ONLINE : record.chosen();
  person.status_text = record.status_text();
  person.last_seen_ms = record.last_seen_ms();
  person.shown_last_seen_ms = record.shown_last_seen_ms();
  person.shown_status_text = record.shown_status_text();
  person.heard_ms = record.heard_ms();
}

}  // namespace parley::bridge

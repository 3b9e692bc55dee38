#include "bridge/presence/presence_metrics.h"

namespace parley::bridge {

void CollectPresence(MetricsPage& page, const PresenceStatus& status) {
  page.Gauge("parley_presence_complete", "1: it is known who is connected.").Add(uint64_t{status.complete});
  page.Gauge("parley_presence_people_online", "People online, the invisible and those in their grace, too.")
      .Add(uint64_t{status.persons_online});
  page.Gauge("parley_presence_people_known", "People of whom presence knows something.")
      .Add(uint64_t{status.persons_known});
  page.Gauge("parley_presence_rooms", "Rooms in which somebody was seen.").Add(uint64_t{status.rooms});
  page.Gauge("parley_presence_sessions", "Connections of people.").Add(uint64_t{status.sessions});
  page.Counter("parley_presence_publishes_total", "Changes of people and rooms that were published.")
      .Add(status.publishes);
  page.Gauge("parley_presence_publishes_in_flight", "Of those, the ones that the broker has not answered.")
      .Add(uint64_t{status.in_flight});
  page.Counter("parley_presence_notices_total", "Notices of the plugin about sessions.").Add(status.notices);
  page.Counter("parley_presence_missed_notices_total",
               "Notices that were missed, so that the list was asked for.")
      .Add(status.gaps);
}

}  // namespace parley::bridge

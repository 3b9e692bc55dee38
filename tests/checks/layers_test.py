"""Proves that the layer check can fail: each planted violation is found, and the allowed twin is not."""
import os
import tempfile
import unittest

from layers import ALLOWED, violations

REFUSED = [
    ("core/domain/a.h", '"core/store/store.h"'),
    ("core/store/a.h", '"core/log/log.h"'),
    ("core/domain/a.h", "<thread>"),
    ("core/domain/a.cc", "<chrono>"),
    ("core/domain/a.cc", "<sys/stat.h>"),
    ("core/log/a.cc", "<rocksdb/db.h>"),
    ("bridge/history/a.cc", "<rocksdb/db.h>"),
    ("broker-plugin/gate/a.h", "<mosquitto_broker.h>"),
    ("broker-plugin/gate/a.h", '"broker-plugin/app/app.h"'),
    ("broker-plugin/delivery/a.h", '"broker-plugin/gate/gate.h"'),
    ("broker-plugin/gate/a.h", '"broker-plugin/control/control.h"'),
    ("broker-plugin/gate/a.h", '"core/store/store_writer.h"'),
    ("broker-plugin/acl/a.h", '"broker-plugin/auth/auth.h"'),
    ("broker-plugin/app/a.h", '"bridge/service/service.h"'),
    ("broker-plugin/app/a.h", '"client/transport/transport.h"'),
    ("bridge/app/a.h", '"broker-plugin/acl/acl.h"'),
    ("bridge/service/a.h", '"bridge/history/history.h"'),
    ("bridge/history/a.h", '"bridge/sync/sync.h"'),
    ("bridge/sync/a.h", '"client/session/session.h"'),
    ("bridge/main.cc", '"core/store/store.h"'),
    ("client/session/a.h", "<mqtt/async_client.h>"),
    ("client/api/a.h", '"client/cli/arguments.h"'),
    ("client/session/a.h", '"client/transport/transport.h"'),
    ("client/api/a.h", '"core/domain/apply.h"'),
    ("bridge/main.cc", "<boost/program_options.hpp>"),
    ("bridge/sync/a.cc", "<boost/asio.hpp>"),
    ("client/cli/a.cc", "<boost/algorithm/string.hpp>"),
    ("schemas/a.h", '"core/domain/apply.h"'),
    ("core/domain/a.h", '"apply.h"'),
    ("core/domain/a.h", '"../domain/apply.h"'),
    ("core/unknown/a.h", "<string>"),
]
GRANTED = [
    ("core/domain/a.h", '"schemas/names.h"'),
    ("core/domain/a.h", '"parley/v1/message.pb.h"'),
    ("core/domain/a.h", "<string>"),
    ("core/store/a.cc", "<rocksdb/db.h>"),
    ("broker-plugin/mosquitto/a.cc", "<mosquitto_broker.h>"),
    ("broker-plugin/app/a.h", '"core/log/log.h"'),
    ("bridge/history/a.h", '"core/store/reader.h"'),
    ("bridge/app/a.h", '"client/transport/transport.h"'),
    ("bridge/http/a.cc", "<boost/beast.hpp>"),
    ("bridge/bridge_options.cc", "<boost/program_options.hpp>"),
    ("client/transport/a.cc", "<mqtt/async_client.h>"),
]


class Layers(unittest.TestCase):
    def complaints(self, path, include):
        with tempfile.TemporaryDirectory() as root:
            os.makedirs(os.path.join(root, os.path.dirname(path)))
            with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                file.write(f"#pragma once\n\n#include {include}\n")
            return violations(root)

    def test_finds_every_planted_violation(self):
        for path, include in REFUSED:
            with self.subTest(path=path, include=include):
                self.assertEqual(len(self.complaints(path, include)), 1)

    def test_grants_what_the_table_allows(self):
        for path, include in GRANTED:
            with self.subTest(path=path, include=include):
                self.assertEqual(self.complaints(path, include), [])

    def test_the_table_has_no_cycle(self):
        done, path = set(), []

        def visit(room):
            self.assertNotIn(room, path, "a cycle")
            if room in done:
                return
            path.append(room)
            for below in ALLOWED[room]:
                visit(below)
            path.pop()
            done.add(room)

        for room in ALLOWED:
            visit(room)


if __name__ == "__main__":
    unittest.main()

# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The schema of the events' database, as numbered steps. A step that was released is never changed."""

from __future__ import annotations

STEPS = (
    """
    CREATE TABLE events (
      seq INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      delivery TEXT UNIQUE,
      project TEXT NOT NULL,
      received REAL NOT NULL,
      path TEXT NOT NULL,
      headers TEXT NOT NULL,
      body BLOB NOT NULL,
      status TEXT NOT NULL DEFAULT 'Accepted',
      reason TEXT NOT NULL DEFAULT '',
      runs TEXT NOT NULL DEFAULT ''
    );
    CREATE INDEX events_open ON events (status, seq);
    """,
    # 2: a delivery id may come again; `key` is equal for exact repetitions. `of` is the event that was replayed.
    """
    ALTER TABLE events RENAME TO old_events;
    DROP INDEX events_open;
    CREATE TABLE events (
      seq INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      delivery TEXT NOT NULL DEFAULT '',
      key BLOB,
      project TEXT NOT NULL,
      source TEXT NOT NULL DEFAULT '',
      received REAL NOT NULL,
      path TEXT NOT NULL,
      headers TEXT NOT NULL,
      body BLOB NOT NULL,
      status TEXT NOT NULL DEFAULT 'Accepted',
      reason TEXT NOT NULL DEFAULT '',
      runs TEXT NOT NULL DEFAULT '',
      of TEXT NOT NULL DEFAULT ''
    );
    INSERT INTO events (seq, id, delivery, project, received, path, headers, body, status, reason, runs)
      SELECT seq, id, coalesce(delivery, ''), project, received, path, headers, body, status, reason, runs
      FROM old_events;
    DROP TABLE old_events;
    CREATE INDEX events_open ON events (seq) WHERE status IN ('Accepted', 'Started');
    CREATE INDEX events_key ON events (key) WHERE key IS NOT NULL;
    """,
)

# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The journal's schema, as numbered steps. A step that was released is never changed, a new one is added."""

from __future__ import annotations

STEPS: tuple[str, ...] = (
    # 1: runs. `ticket` is the place in the queue.
    """
    CREATE TABLE runs (
      ticket INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      project TEXT NOT NULL,
      playbook TEXT NOT NULL,
      status TEXT NOT NULL,
      policy TEXT NOT NULL,
      directory TEXT NOT NULL,
      created REAL NOT NULL,
      started REAL,
      finished REAL,
      exit_code INTEGER,
      why TEXT NOT NULL DEFAULT '',
      event_id TEXT NOT NULL DEFAULT '',
      owner_pid INTEGER NOT NULL,
      owner_start INTEGER NOT NULL,
      owner_boot TEXT NOT NULL,
      cancel TEXT NOT NULL DEFAULT '',
      force INTEGER NOT NULL DEFAULT 0
    );
    CREATE INDEX runs_queue ON runs (project, status, ticket);
    CREATE INDEX runs_event ON runs (project, event_id);
    """,
    # 2: a run that continues an earlier one, and runs that only look.
    """
    ALTER TABLE runs ADD COLUMN resumes TEXT NOT NULL DEFAULT '';
    ALTER TABLE runs ADD COLUMN dry INTEGER NOT NULL DEFAULT 0;
    """,
)

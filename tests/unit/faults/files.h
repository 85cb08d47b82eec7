/* SPDX-License-Identifier: Apache-2.0 */
/* faults/files - cases of ops upon files, disks, cron and evidence. */
#ifndef TOCSIN_FAULTS_FILES_H
#define TOCSIN_FAULTS_FILES_H

#include "tests/unit/faults/case.h"

#define LOG   "echo text >@/spool/app.log"
#define OLD   "echo text >@/spool/app.log.1"
#define AGED  "mkdir @/aged && cd @/aged && touch -d '2 days ago' a b c && touch d"
#define SHELL "head -c 3000 /dev/zero >@/www/shell"
#define CRON  "mkdir -p @/etc/cron.d; echo '#' >@/etc/cron.d/"
#define TREE  "mkdir -p @/www/a/b && cd @/www && echo 1 >one && echo 22 >a/two && echo 3 >a/b/three"

static const case_t files_cases[] = {
    {.op = "cron.disable", .arguments = "file=app", .before = CRON "app", .rooted = true},
    {.op = "cron.enable", .arguments = "file=app", .before = CRON "app.disabled", .rooted = true},
    {.op = "cron.list",
     .before = CRON "app; cd @/etc && echo '1 2 * * * root a' >crontab && echo '@daily ana b' "
                    ">cron.d/two; mkdir cron.daily && touch cron.daily/three; mkdir -p "
                    "@/var/spool/cron/crontabs; echo '@weekly c' >@/var/spool/cron/crontabs/ana",
     .rooted = true},
    {.op = "disk.inodes", .arguments = "path=@/www count=3", .before = TREE},
    {.op = "disk.largest", .arguments = "path=@/www count=3", .before = TREE},
    {.op = "disk.usage", .arguments = "path=@/www"},
    {.op = "evidence.facts",
     .arguments = "case=one of=failures",
     .before = "mkdir -p @/var/log; cp @/btmp @/var/log/btmp",
     .rooted = true},
    {.op = "evidence.file", .arguments = "case=two path=@/www/shell", .before = SHELL},
    {.op = "evidence.seal",
     .arguments = "case=one",
     .first = "evidence.text case=one name=a text=b"},
    {.op = "evidence.text", .arguments = "case=three name=note text=found"},
    {.op = "file.find", .arguments = "path=@/www", .before = TREE},
    {.op = "file.hash", .arguments = "path=@/www/one", .before = TREE},
    {.op = "file.quarantine", .arguments = "path=@/www/shell", .before = SHELL},
    {.op = "file.quarantine",
     .arguments = "path=@/www/shell",
     .before = SHELL,
     .first = "file.quarantine path=@/www/shell"},
    {.op = "file.quarantine",
     .arguments = "path=@/www/shell",
     .before = SHELL "; echo other >@/www/other",
     .first = "file.quarantine path=@/www/other"},
    {.op = "file.quarantine",
     .arguments = "path=@/www/name",
     .before = "cd @/quarantine && echo a >held && ln held @/www/name",
     .refused = true},
    {.op = "file.quarantine",
     .arguments = "path=@/quarantine/held",
     .before = "echo a >@/quarantine/held",
     .refused = true},
    {.op = "file.remove", .arguments = "path=@/spool/app.log.1", .before = OLD},
    {.op = "file.remove_aged", .arguments = "path=@/aged", .before = AGED},
    {.op = "file.restore",
     .arguments = "path=@/www/shell id=%",
     .before = SHELL,
     .first = "file.quarantine path=@/www/shell"},
    {.op = "file.rotate", .arguments = "path=@/spool/app.log", .before = LOG, .timed = true},
    {.op = "file.search", .arguments = "path=@/www/one text=1", .before = TREE},
    {.op = "file.setuid", .arguments = "path=@/www", .before = TREE "; chmod u+s one a/two"},
    {.op = "file.stat", .arguments = "path=@/www/one", .before = TREE "; chown 1 one"},
    {.op = "file.stat", .arguments = "path=@/www/link", .before = "ln -s there @/www/link"},
    {.op = "file.tail", .arguments = "path=@/www/lines", .before = "seq 50 >@/www/lines"},
    {.op = "file.truncate", .arguments = "path=@/spool/app.log", .before = LOG},
    {.op = "file.truncate",
     .arguments = "path=@/spool/link.log",
     .before = LOG "; ln @/spool/app.log @/spool/link.log",
     .refused = true},
};

#endif

#!/bin/bash
# Stock playbooks mend PostgreSQL: sessions that hold a transaction open and nobody's place, a slot that nobody uses, and a replica that replays
# or receives nothing. Two real clusters, in a machine of this test's own.
. "$(dirname "$0")/machine.bash"
. "$(dirname "$0")/tap.bash"
. "$(dirname "$0")/orders.bash"
SITE_WORKERS="north-1 north-2" # replication-broken leaves one untouched
PRIMARY=5432 REPLICA=5433
PLACES=9 # of 12: the others are a superuser's
DATA=/var/lib/postgresql
BIN=/opt/usr/lib/postgresql/15/bin
export LD_LIBRARY_PATH=/opt/usr/lib/x86_64-linux-gnu

as_postgres() { setpriv --reuid postgres --regid postgres --clear-groups "$@"; }
sql() { "$BIN/psql" -qAtX -h 127.0.0.1 -p "$1" -U "${3:-postgres}" -d postgres -c "$2"; }
runs() { sql "$1" "select 1"; }
has() { [ "$(sql "$1" "$2")" = "$3" ]; }
agreed() { wait_for 20 part_says north-1 "waits for a person in step agree" && as giang run approve "$RUN"; }

# server NAME PORT: a unit of a cluster.
server() {
    unit "postgresql@$1.service" '[Service]' Type=notify User=postgres "Environment=LD_LIBRARY_PATH=$LD_LIBRARY_PATH" \
        "ExecStart=$BIN/postgres -D $DATA/$1 -p $2 -c cluster_name=15/$1 -c listen_addresses=127.0.0.1 -c unix_socket_directories=/run/postgresql -c fsync=off -c max_connections=12 -c max_standby_streaming_delay=-1"
}

clusters() {
    mount --bind "$BUILD_TOOLS" /opt && echo postgres:x:105:105::$DATA:/bin/false >>/etc/passwd && echo postgres:x:105: >>/etc/group &&
        echo tocsin-db:x:106:65534::/:/bin/false >>/etc/passwd
    install -d -o postgres -g postgres $DATA /run/postgresql
    as_postgres "$BIN/initdb" -D $DATA/primary -U postgres --auth-local=peer --auth-host=trust -N --no-locale -E UTF8 &&
        server primary $PRIMARY && server replica $REPLICA && systemctl start postgresql@primary.service &&
        sql $PRIMARY 'create role shop login; create table orders (id integer); grant all on orders to shop; create role "tocsin-db" login in role pg_monitor, pg_signal_backend' &&
        as_postgres "$BIN/pg_basebackup" -h 127.0.0.1 -p $PRIMARY -U postgres -D $DATA/replica -R -c fast &&
        systemctl start postgresql@replica.service
}

# A client begins, asks once and forgets that it did.
forgets() { (echo 'begin; select 1;'; exec sleep infinity) | "$BIN/psql" -qX -h 127.0.0.1 -p $PRIMARY -U shop -d postgres >/dev/null 2>&1 & }
forgotten() { has $PRIMARY "select count(*) from pg_stat_activity where state = 'idle in transaction'" "$1"; }
# One more, until those who forgot have every place; then all who came have one or went away. To be refused once tells nothing of that: who
# asked before may not have left yet.
crowded() { forgotten $PLACES || { forgets; false; }; }
refused() { says "remaining connection slots" not sql $PRIMARY "select 1" shop; }
settled() { forgotten "$(pgrep -xc psql)" && has $PRIMARY "select count(*) from pg_stat_activity where state like 'idle in%' and now() - state_change < '1 s'" 0; }
receives() { has $PRIMARY "select count(*) from pg_stat_replication where state = 'streaming'" "$1"; }
leads_to() { sed -i "s/port=[0-9]*/port=$1/" $DATA/replica/postgresql.auto.conf; }
connections() { ordered postgres-connections --target north-1 --set database=primary --set idle=1 "$@"; }
replication() {
    ordered replication-broken --target north-1 --set unit=postgresql@replica.service --set database=replica --set primary=127.0.0.1 --set port=$PRIMARY \
        --set data=$DATA/replica --set pause=1
}

orders_site fixes-data ../../../playbooks/{postgres-connections,replica-behind,replication-broken}
may_destroy "$SOURCE/playbooks/dead-slot" >>"$SITE_HOME/log/make" 2>&1
mkdir -p /opt
clusters >"$SITE_HOME/log/clusters" 2>&1
cat >>"$SITE_HOME/north-1/policy" <<END
$(printf 'allow %s\n' postgres.{sessions,replication} host.cpu)
class highest destructive
allow postgres.end_session database=primary
allow postgres.drop_slot database=primary slot=standby_*
allow postgres.cancel database=replica
database primary /run/postgresql $PRIMARY postgres role postgres user postgres
database replica /run/postgresql $REPLICA postgres role tocsin-db user tocsin-db
allow unit.restart unit=postgresql@replica.service
read $DATA
END

broker_start
worker_start north-1
ok "a worker is online" wait_for 20 worker_online north-1
ok "its policy holds" tocsin-worker -n -c "$SITE_HOME/north-1/worker.conf"
ok "a replica receives from its primary" wait_for 10 receives 1
ok "  and is left alone" eval 'replication && ended failed'

forgets; forgets
ok "two clients forget what they began" wait_for 10 forgotten 2
ok "  while there is room" eval 'connections && ended failed && says "nobody is kept out" view && forgotten 2'
ok "  which is too few to end one" eval 'connections --set full=1 && ended succeeded && count_of end skipped 1 && forgotten 2'
ok "others do too, until nobody else gets in" eval 'wait_for 20 crowded && wait_for 20 settled && refused'
ok "what is forgotten is ended" eval 'connections && ended succeeded'
ok "  and others get in" eval 'forgotten 0 && sql $PRIMARY "insert into orders values (7)" shop'

dead_slot() { ordered_by_both dead-slot --target north-1 --set database=primary --set slot="$1" --set bytes=1 --set pause=1; }
ok "a slot is left behind" eval 'sql $PRIMARY "select pg_create_physical_replication_slot(name, true) from (values ('"'standby_2'), ('other'"')) as slots (name)"'
ok "  two people order it to be dropped, and one is asked" eval 'dead_slot standby_2 && agreed'
ok "  it is dropped, and no other" eval 'ended succeeded && has $PRIMARY "select slot_name from pg_replication_slots" other'
ok "  one that the policy does not name stays" eval 'dead_slot other && agreed && ended failed && has $PRIMARY "select slot_name from pg_replication_slots" other'

behind() { ordered replica-behind --target north-1 --set database=replica --set bytes=1 --set running=1 --set pause=1; }
ok "a replica that replays is left alone" eval 'wait_for 10 has $REPLICA "select id from orders" 7 && behind && ended failed && says "it replays" view'
sql $REPLICA "select pg_sleep(1000) from orders" shop >/dev/null 2>&1 &
ok "a query on it runs for long" wait_for 10 has $REPLICA "select count(*) from pg_stat_activity where wait_event = 'PgSleep' and now() - query_start > '1 s'" 1
ok "  and needs what the primary empties" eval 'sql $PRIMARY "truncate orders" && sql $PRIMARY "insert into orders values (8)" && wait_for 10 has $REPLICA "select 1 from pg_locks where not granted" 1'
ok "  it is cancelled" eval 'behind && ended succeeded'
ok "  and the replica replays" wait_for 10 has $REPLICA "select id from orders" 8

leads_to 9 && systemctl restart postgresql@replica.service && leads_to $PRIMARY
ok "a replica receives nothing" eval 'wait_for 10 runs $REPLICA && wait_for 10 receives 0 && not runs 9'
sql $PRIMARY "insert into orders values (9)"
ok "  a person is asked" eval 'replication && agreed'
ok "  and has it restarted" ended succeeded
ok "  it receives" receives 1
ok "  what was written meanwhile too" wait_for 10 has $REPLICA "select id from orders where id = 9" 9
systemctl stop postgresql@primary.service
ok "a primary that is gone is nothing that a restart mends" eval 'replication && ended failed && says "does not answer on 127.0.0.1 port $PRIMARY" view'
orders_end

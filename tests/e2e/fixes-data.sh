#!/bin/bash
# Stock playbooks mend PostgreSQL: sessions that hold a transaction open and nobody's place, and a replica that receives nothing. Two
# real clusters, in a machine of this test's own.
. "$(dirname "$0")/machine.bash"
. "$(dirname "$0")/tap.bash"
. "$(dirname "$0")/orders.bash"
SITE_WORKERS="north-1 north-2" # replication-broken leaves one untouched
PRIMARY=5432 REPLICA=5433
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
        "ExecStart=$BIN/postgres -D $DATA/$1 -p $2 -c cluster_name=15/$1 -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off -c max_connections=12"
}

clusters() {
    mount --bind "$BUILD_TOOLS" /opt && echo postgres:x:105:105::$DATA:/bin/false >>/etc/passwd && echo postgres:x:105: >>/etc/group
    install -d -o postgres -g postgres $DATA
    as_postgres "$BIN/initdb" -D $DATA/primary -U postgres -A trust -N --no-locale -E UTF8 &&
        server primary $PRIMARY && server replica $REPLICA && systemctl start postgresql@primary.service &&
        sql $PRIMARY 'create role shop login; create table orders (id integer); grant all on orders to shop' &&
        as_postgres "$BIN/pg_basebackup" -h 127.0.0.1 -p $PRIMARY -U postgres -D $DATA/replica -R -c fast &&
        systemctl start postgresql@replica.service
}

# A client begins, asks once and forgets that it did.
forgets() { (echo 'begin; select 1;'; exec sleep infinity) | "$BIN/psql" -qX -h 127.0.0.1 -p $PRIMARY -U shop -d postgres >/dev/null 2>&1 & }
forgotten() { has $PRIMARY "select count(*) from pg_stat_activity where state = 'idle in transaction'" "$1"; }
# One more, until there is no place; then all who came have one or went away.
crowded() { forgets; says "remaining connection slots" not sql $PRIMARY "select 1" shop; }
settled() { forgotten "$(pgrep -xc psql)"; }
receives() { has $PRIMARY "select count(*) from pg_stat_replication where state = 'streaming'" "$1"; }
leads_to() { sed -i "s/port=[0-9]*/port=$1/" $DATA/replica/postgresql.auto.conf; }
replication() {
    ordered replication-broken --target north-1 --set unit=postgresql@replica.service --set primary=127.0.0.1 --set port=$PRIMARY \
        --set data=$DATA/replica --set pause=1
}

orders_site fixes-data ../../../playbooks/{postgres-connections,replication-broken}
mkdir -p /opt
clusters >"$SITE_HOME/log/clusters" 2>&1
cat >>"$SITE_HOME/north-1/policy" <<END
$(printf 'allow %s\n' process.view host.cpu)
allow process.signal name=postgres
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
ok "  which is too few to end one" eval 'ordered postgres-connections --target north-1 --set pause=1 && ended succeeded && count_of end skipped 1 && forgotten 2'
ok "others do too, until nobody else gets in" eval 'wait_for 20 crowded && wait_for 20 settled'
ok "what is forgotten is ended" eval 'ordered postgres-connections --target north-1 --set pause=1 && ended succeeded'
ok "  and others get in" eval 'forgotten 0 && sql $PRIMARY "insert into orders values (7)" shop'

leads_to 9 && systemctl restart postgresql@replica.service && leads_to $PRIMARY
ok "a replica receives nothing" eval 'wait_for 10 runs $REPLICA && receives 0 && not runs 9'
ok "  a person is asked" eval 'replication && agreed'
ok "  and has it restarted" ended succeeded
ok "  it receives" receives 1
ok "  what was written meanwhile too" wait_for 10 has $REPLICA "select id from orders" 7
systemctl stop postgresql@primary.service
ok "a primary that is gone is nothing that a restart mends" eval 'replication && ended failed && says "does not answer on 127.0.0.1 port $PRIMARY" view'
orders_end

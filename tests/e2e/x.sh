. "$(dirname "$0")/tap.bash"
. "$(dirname "$0")/orders.bash"
SITE_WORKERS="north-1 north-2"
orders_site xx careful asking calling counting stages
mnt=$SITE_HOME/mnt/north-1
for file in one.log two.log one.log.1 two.log.1 left.log right.log; do echo "$file" >"$mnt/$file"; done
broker_start; worker_start north-1; worker_start north-2
wait_for 20 worker_online north-1;wait_for 20 worker_online north-2
for args in "careful --set spool=$mnt" "asking --set spool=$mnt" "calling --set folder=$mnt"; do
planned $args --target north-1 --dry-run; cat $SITE_HOME/log/plan; started 2>/dev/null;
timeout 5 tocsin run watch $RUN --wait=2s
view
done
ls -la $mnt
echo === status with several
hold north-1
planned stages --target region=north --set root=$SITE_HOME/mnt; started 2>/dev/null; wait_for 10 is_held north-1
as dung run pause $RUN; tocsin run view $RUN; tocsin run list
as chi stop site --reason "all of it"; 
let_go north-1; tocsin run watch $RUN --wait=5s; tocsin run view $RUN
tocsin run resume $RUN
tocsin run retry $RUN
tap_end

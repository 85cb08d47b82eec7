/* SPDX-License-Identifier: Apache-2.0 */
/* alertmanager - reads the webhook body of Prometheus Alertmanager (version 4; Grafana sends the
 * same shape as version 1): one alert for each element of `alerts`.
 * Source: prometheus.io/docs/alerting/latest/configuration, <webhook_config>.
 *
 * Values are made fit for an alert document: a title loses control and bidirectional characters, a
 * label that is too long is left out (a cut one could match what the whole one does not), a long
 * annotation is cut. Severity "none" is a heartbeat and gives no alert. */
#ifndef TOCSIN_ALERTMANAGER_H
#define TOCSIN_ALERTMANAGER_H

#include "common/fault.h"
#include "keys/grant.h"

#define ALERTMANAGER_BODY_MAX    (1024 * 1024)
#define ALERTMANAGER_DEPTH_MAX   16
#define ALERTMANAGER_ALERTS_MAX  1000
#define ALERTMANAGER_ESCAPED_MAX 850 /* of a value as a document spells it */
#define ALERTMANAGER_LABELS_MAX  100 /* and as many annotations */

/* Each alert in turn, valid during the call; site and received are not filled in, and starts is 0
 * where the payload has none. -1 with *fault stops. */
typedef int (*on_alert_t)(void *context, alert_t *alert, fault_t *fault);

/* FAULT_LIMIT or FAULT_FORMAT with one sentence; no alert is given unless the whole body is sound.
 * *cut receives how many alerts Alertmanager says it left out. */
int alertmanager_read(const char *source, slice_t body, on_alert_t on_alert, void *context,
                      uint64_t *cut, fault_t *fault) MUST_CHECK;

#endif

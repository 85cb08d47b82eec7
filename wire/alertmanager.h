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

/* A body that is sound, as JSON; may be handed from one thread to another. */
typedef struct alertmanager alertmanager_t;

/* NULL with FAULT_LIMIT or FAULT_FORMAT in one sentence. */
alertmanager_t *alertmanager_parse(slice_t body, fault_t *fault);
void alertmanager_destroy(alertmanager_t **self_p);

/* How many alerts Alertmanager says it left out. */
uint64_t alertmanager_cut(const alertmanager_t *self);

/* Each alert in turn, valid during the call; site and received are not filled in, and starts is 0
 * where the payload has none. -1 with *fault stops. */
typedef int (*on_alert_t)(void *context, alert_t *alert, fault_t *fault);

int alertmanager_each(const alertmanager_t *self, const char *source, on_alert_t on_alert,
                      void *context, fault_t *fault) MUST_CHECK;

/* Parses and gives each: no alert unless the whole body is sound. *cut as alertmanager_cut. */
int alertmanager_read(const char *source, slice_t body, on_alert_t on_alert, void *context,
                      uint64_t *cut, fault_t *fault) MUST_CHECK;

#endif

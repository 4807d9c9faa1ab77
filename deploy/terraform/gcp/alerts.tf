# Waybill's own alerts (docs/alerts.md) tell what is wrong with the data; these tell that a job has not run, or not ended.
resource "google_monitoring_notification_channel" "email" {
  for_each     = var.alert_emails
  display_name = "${var.name}: ${each.key}"
  type         = "email"
  labels       = { email_address = each.key }
  depends_on   = [google_project_service.used]
}

locals {
  channels = [for channel in google_monitoring_notification_channel.email : channel.id]
  # The words are those of a receipt's last line; a test holds them to what Waybill prints.
  receipts = {
    balanced     = "textPayload=~\"^balanced: \""
    not-balanced = "textPayload=~\"^not balanced: \""
  }
}

resource "google_logging_metric" "receipt" {
  for_each = local.receipts
  name     = "${var.name}/${each.key}"
  filter   = "resource.type=\"cloud_run_job\" AND resource.labels.job_name=~\"^${var.name}-\" AND ${each.value}"
  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
  }
  depends_on = [google_project_service.used]
}

resource "google_monitoring_alert_policy" "failed" {
  display_name          = "${var.name}: a job has failed"
  combiner              = "OR"
  notification_channels = local.channels
  conditions {
    display_name = "executions that failed"
    condition_threshold {
      filter          = "resource.type=\"cloud_run_job\" AND resource.labels.job_name=starts_with(\"${var.name}-\") AND metric.type=\"run.googleapis.com/job/completed_execution_count\" AND metric.labels.result=\"failed\""
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"
      aggregations {
        alignment_period   = "300s"
        per_series_aligner = "ALIGN_DELTA"
      }
    }
  }
  documentation {
    content = "docs/runbooks/run-failed.md"
  }
}

resource "google_monitoring_alert_policy" "not_balanced" {
  display_name          = "${var.name}: a receipt does not balance"
  combiner              = "OR"
  notification_channels = local.channels
  conditions {
    display_name = "receipts that do not balance"
    condition_threshold {
      filter          = "resource.type=\"cloud_run_job\" AND metric.type=\"logging.googleapis.com/user/${google_logging_metric.receipt["not-balanced"].name}\""
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"
      aggregations {
        alignment_period   = "300s"
        per_series_aligner = "ALIGN_DELTA"
      }
    }
  }
  documentation {
    content = "docs/runbooks/unbalanced.md"
  }
}

# A little more than a day, as a day's run may take longer than the one before.
resource "google_monitoring_alert_policy" "none_balanced" {
  display_name          = "${var.name}: no receipt has balanced for a day"
  combiner              = "OR"
  notification_channels = local.channels
  conditions {
    display_name = "balanced receipts"
    condition_threshold {
      filter                  = "resource.type=\"cloud_run_job\" AND metric.type=\"logging.googleapis.com/user/${google_logging_metric.receipt["balanced"].name}\""
      comparison              = "COMPARISON_LT"
      threshold_value         = 1
      duration                = "60s"
      evaluation_missing_data = "EVALUATION_MISSING_DATA_ACTIVE"
      aggregations {
        alignment_period     = "90000s"
        per_series_aligner   = "ALIGN_SUM"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }
  documentation {
    content = "No run came, or none came to its end: docs/runbooks/deadline-missed.md"
  }
}

# Two zones whose objects nobody changes or removes before their time: the lake, and the marts beside it (docs/lake.md).
locals {
  settings = merge({
    LANDING_URI   = "gs://${google_storage_bucket.zone["landing"].name}"
    PROCESSED_URI = "gs://${google_storage_bucket.zone["processed"].name}"
  }, var.settings)
  zones = {
    landing   = var.retention.landing
    processed = var.retention.processed
  }
}

resource "google_storage_bucket" "zone" {
  #checkov:skip=CKV_GCP_62:who reads and writes is in the data access logs of Cloud Audit Logs, which are the project's to switch on
  #checkov:skip=CKV_GCP_78:an object can be neither overwritten nor removed, so there are no older versions to keep
  for_each                    = local.zones
  name                        = "${var.project}-${var.name}-${each.key}"
  location                    = var.region
  storage_class               = "STANDARD"
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = false
  retention_policy {
    retention_period = each.value * 86400
    is_locked        = var.retention.is_locked
  }
  lifecycle_rule {
    action {
      type = "AbortIncompleteMultipartUpload"
    }
    condition {
      age = 7
    }
  }
  depends_on = [google_project_service.used]
}

# What the job may do there: read and add, remove nothing.
resource "google_storage_bucket_iam_member" "job_reads" {
  for_each = local.zones
  bucket   = google_storage_bucket.zone[each.key].name
  role     = "roles/storage.objectViewer"
  member   = google_service_account.job.member
}

resource "google_storage_bucket_iam_member" "job_adds" {
  for_each = local.zones
  bucket   = google_storage_bucket.zone[each.key].name
  role     = "roles/storage.objectCreator"
  member   = google_service_account.job.member
}

resource "google_storage_bucket_iam_member" "readers" {
  for_each = var.readers
  bucket   = google_storage_bucket.zone["processed"].name
  role     = "roles/storage.objectViewer"
  member   = each.key
}

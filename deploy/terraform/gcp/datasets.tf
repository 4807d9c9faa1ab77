# The schemas of the warehouse as data sets: a place for them, and who may do what there. Nothing of Waybill loads
# BigQuery yet.
locals {
  datasets = setunion(var.datasets.loaded, var.datasets.built, var.datasets.marts)
}

resource "google_bigquery_dataset" "schema" {
  #checkov:skip=CKV_GCP_81:Google encrypts at rest; a key of one's own is a decision with a price and a rotation
  for_each                   = local.datasets
  dataset_id                 = each.key
  location                   = var.region
  description                = "Schema ${each.key} of ${var.name}"
  delete_contents_on_destroy = false
  max_time_travel_hours      = "168"
  depends_on                 = [google_project_service.used]
}

resource "google_bigquery_dataset_iam_member" "job" {
  for_each   = local.datasets
  dataset_id = google_bigquery_dataset.schema[each.key].dataset_id
  role       = "roles/bigquery.dataEditor"
  member     = google_service_account.job.member
}

resource "google_bigquery_dataset_iam_member" "readers" {
  for_each = {
    for pair in setproduct(var.datasets.marts, var.readers) : "${pair[0]} ${pair[1]}" => { dataset = pair[0], member = pair[1] }
  }
  dataset_id = google_bigquery_dataset.schema[each.value.dataset].dataset_id
  role       = "roles/bigquery.dataViewer"
  member     = each.value.member
}

# To run a query is a right on the project; what it reads is decided above.
resource "google_project_iam_member" "job_queries" {
  project = var.project
  role    = "roles/bigquery.jobUser"
  member  = google_service_account.job.member
}

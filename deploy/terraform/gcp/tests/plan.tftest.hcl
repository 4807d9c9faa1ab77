# What a plan must promise, whatever the project: no login, the provider is a mock.
mock_provider "google" {}

variables {
  project      = "shop-data"
  region       = "europe-west3"
  image        = "europe-west3-docker.pkg.dev/shop-data/waybill/waybill@sha256:0000000000000000000000000000000000000000000000000000000000000000"
  alert_emails = ["data@example.com"]
  readers      = ["group:analysts@example.com"]
}

run "zones_are_closed_and_kept" {
  command = plan
  assert {
    condition = alltrue([
      for bucket in google_storage_bucket.zone :
      bucket.uniform_bucket_level_access && bucket.public_access_prevention == "enforced" && !bucket.force_destroy
    ])
    error_message = "A zone is open to the public, or goes with what is in it."
  }
  assert {
    condition     = tonumber(google_storage_bucket.zone["landing"].retention_policy[0].retention_period) == 365 * 86400
    error_message = "The landing zone is not kept for the days that the variable says."
  }
}

run "readers_see_marts_alone" {
  command = plan
  assert {
    condition     = toset([for each in google_bigquery_dataset_iam_member.readers : each.dataset_id]) == var.datasets.marts
    error_message = "Readers see another layer than the marts, or not all of them."
  }
}

run "each_schedule_is_a_job_of_its_own" {
  command = plan
  assert {
    condition     = google_cloud_run_v2_job.schedule["elt-lake"].template[0].template[0].containers[0].args == tolist(["meltano", "--environment=prod", "run", "--no-install", "elt-lake"])
    error_message = "The schedule starts something else than its job."
  }
  assert {
    condition     = alltrue([for each in google_cloud_run_v2_job_iam_member.scheduler : each.role == "roles/run.invoker"])
    error_message = "Who starts a job may do more than that."
  }
}

run "an_image_by_tag_is_refused" {
  command = plan
  variables {
    image = "example.com/waybill:latest"
  }
  expect_failures = [var.image]
}

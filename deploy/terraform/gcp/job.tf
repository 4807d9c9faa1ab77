resource "google_service_account" "job" {
  account_id   = "${var.name}-job"
  display_name = "Jobs of ${var.name}"
}

resource "google_service_account" "scheduler" {
  account_id   = "${var.name}-scheduler"
  display_name = "Starts the jobs of ${var.name}, and may do nothing else"
}

resource "google_artifact_registry_repository" "this" {
  #checkov:skip=CKV_GCP_84:Google encrypts at rest; a key of one's own is a decision with a price and a rotation
  repository_id = var.name
  location      = var.region
  format        = "DOCKER"
  docker_config {
    immutable_tags = true
  }
  depends_on = [google_project_service.used]
}

# Values are put by hand (docs/deployment.md), so Terraform's state holds none.
resource "google_secret_manager_secret" "setting" {
  for_each  = var.secrets
  secret_id = "${var.name}-${each.key}"
  replication {
    user_managed {
      replicas {
        location = var.region
      }
    }
  }
  depends_on = [google_project_service.used]
}

resource "google_secret_manager_secret_iam_member" "job" {
  for_each  = var.secrets
  secret_id = google_secret_manager_secret.setting[each.key].id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.job.member
}

# One job for each schedule: who may start it can neither change its command nor its settings.
resource "google_cloud_run_v2_job" "schedule" {
  for_each            = var.schedules
  name                = "${var.name}-${each.key}"
  location            = var.region
  deletion_protection = false # it holds nothing
  template {
    template {
      service_account = google_service_account.job.email
      timeout         = var.task.timeout
      max_retries     = 1
      containers {
        image = var.image
        args  = ["meltano", "--environment=prod", "run", "--no-install", each.value.job]
        resources {
          limits = { cpu = var.task.cpu, memory = var.task.memory }
        }
        dynamic "env" {
          for_each = local.settings
          content {
            name  = env.key
            value = env.value
          }
        }
        dynamic "env" {
          for_each = var.secrets
          content {
            name = env.key
            value_source {
              secret_key_ref {
                secret  = google_secret_manager_secret.setting[env.key].secret_id
                version = "latest"
              }
            }
          }
        }
      }
      dynamic "vpc_access" {
        for_each = var.network == null ? [] : [var.network]
        content {
          egress = "PRIVATE_RANGES_ONLY"
          network_interfaces {
            network    = vpc_access.value.network
            subnetwork = vpc_access.value.subnetwork
          }
        }
      }
    }
  }
  depends_on = [google_secret_manager_secret_iam_member.job]
}

resource "google_cloud_run_v2_job_iam_member" "scheduler" {
  for_each = var.schedules
  name     = google_cloud_run_v2_job.schedule[each.key].name
  location = var.region
  role     = "roles/run.invoker"
  member   = google_service_account.scheduler.member
}

resource "google_cloud_scheduler_job" "schedule" {
  for_each         = var.schedules
  name             = "${var.name}-${each.key}"
  region           = var.region
  description      = "meltano run ${each.value.job}"
  schedule         = each.value.expression
  time_zone        = "Etc/UTC"
  attempt_deadline = "180s"
  retry_config {
    retry_count = 3
  }
  http_target {
    http_method = "POST"
    uri         = "https://run.googleapis.com/v2/${google_cloud_run_v2_job.schedule[each.key].id}:run"
    oauth_token {
      service_account_email = google_service_account.scheduler.email
    }
  }
  depends_on = [google_project_service.used]
}

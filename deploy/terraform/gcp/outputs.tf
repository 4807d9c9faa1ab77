output "zones" {
  description = "The buckets."
  value       = { for name, bucket in google_storage_bucket.zone : name => bucket.url }
}

output "service_accounts" {
  description = "Who the jobs are, and who starts them."
  value = {
    job       = google_service_account.job.email
    scheduler = google_service_account.scheduler.email
  }
}

output "repository" {
  description = "Where images are pushed."
  value       = "${var.region}-docker.pkg.dev/${var.project}/${google_artifact_registry_repository.this.repository_id}"
}

output "secrets" {
  description = "Secrets that need a value, by setting."
  value       = { for name, secret in google_secret_manager_secret.setting : name => secret.secret_id }
}

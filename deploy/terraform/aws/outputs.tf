output "landing_uri" {
  description = "LANDING_URI of the jobs."
  value       = local.settings.LANDING_URI
}

output "processed_uri" {
  description = "PROCESSED_URI of the jobs."
  value       = local.settings.PROCESSED_URI
}

output "roles" {
  description = "ARNs of the roles."
  value = {
    landing_writer = aws_iam_role.landing_writer.arn
    reader         = aws_iam_role.reader.arn
    execution      = aws_iam_role.execution.arn
    scheduler      = aws_iam_role.scheduler.arn
  }
}

output "repository" {
  description = "Where images are pushed."
  value       = aws_ecr_repository.this.repository_url
}

output "secrets" {
  description = "Secrets that need a value, by setting."
  value       = { for name, secret in aws_secretsmanager_secret.setting : name => secret.name }
}

output "warehouse" {
  description = "Address of the warehouse, and the secret with its master's password; null where it is elsewhere."
  value = try({
    address = aws_db_instance.warehouse["this"].address
    secret  = aws_db_instance.warehouse["this"].master_user_secret[0].secret_arn
  }, null)
}

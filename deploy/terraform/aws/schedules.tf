resource "aws_sqs_queue" "not_started" {
  name                      = "${var.name}-not-started"
  kms_master_key_id         = aws_kms_key.this.id
  message_retention_seconds = 1209600
}

resource "aws_scheduler_schedule_group" "this" {
  name = var.name
}

# Two runs at once do each other no harm: the second waits for the first one's leases (docs/ledger.md).
resource "aws_scheduler_schedule" "job" {
  for_each            = var.schedules
  name                = each.key
  group_name          = aws_scheduler_schedule_group.this.name
  description         = "meltano run ${each.value.job}"
  schedule_expression = each.value.expression
  kms_key_arn         = aws_kms_key.this.arn
  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_ecs_cluster.this.arn
    role_arn = aws_iam_role.scheduler.arn
    input = jsonencode({
      containerOverrides = [{
        name    = "waybill"
        command = ["meltano", "--environment=prod", "run", "--no-install", each.value.job]
      }]
    })
    ecs_parameters {
      task_definition_arn = aws_ecs_task_definition.job.arn
      launch_type         = "FARGATE"
      propagate_tags      = "TASK_DEFINITION"
      network_configuration {
        assign_public_ip = false
        security_groups  = [aws_security_group.job.id]
        subnets          = var.subnet_ids
      }
    }
    # That a task could not be started is tried again; what a task does about its failures is its own.
    retry_policy {
      maximum_event_age_in_seconds = 3600
      maximum_retry_attempts       = 5
    }
    dead_letter_config {
      arn = aws_sqs_queue.not_started.arn
    }
  }
}

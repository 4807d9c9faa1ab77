resource "aws_ecr_repository" "this" {
  name                 = var.name
  image_tag_mutability = "IMMUTABLE"
  image_scanning_configuration {
    scan_on_push = true
  }
  encryption_configuration {
    encryption_type = "KMS"
    kms_key         = aws_kms_key.this.arn
  }
}

# Values are put by hand (docs/deployment.md), so Terraform's state holds none.
resource "aws_secretsmanager_secret" "setting" {
  #checkov:skip=CKV2_AWS_57:they are others' passwords and the salt, which nothing here could change at its owner
  for_each    = var.secrets
  name        = "${var.name}/${each.key}"
  description = "${each.key} of ${var.name}'s jobs"
  kms_key_id  = aws_kms_key.this.arn
}

resource "aws_cloudwatch_log_group" "job" {
  name              = "/${var.name}/job"
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.this.arn
}

resource "aws_ecs_cluster" "this" {
  name = var.name
  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

resource "aws_security_group" "job" {
  #checkov:skip=CKV2_AWS_5:the schedules attach it to each task, which checkov does not follow
  name        = "${var.name}-job"
  description = "Jobs of ${var.name}: nobody reaches them"
  vpc_id      = var.vpc_id
}

resource "aws_vpc_security_group_egress_rule" "job" {
  for_each          = { https = 443, postgres = 5432 }
  security_group_id = aws_security_group.job.id
  description       = "Sources, AWS and the warehouse by ${each.key}"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = each.value
  to_port           = each.value
}

locals {
  # What deploy/Dockerfile declares as volumes; all else of the container is read-only.
  written = {
    home    = "/var/lib/waybill"
    run     = "/opt/waybill/.meltano/run"
    scratch = "/tmp"
  }
  settings = merge({
    AWS_REGION    = var.region
    LANDING_URI   = "s3://${aws_s3_bucket.zone["landing"].id}"
    PROCESSED_URI = "s3://${aws_s3_bucket.zone["processed"].id}"
  }, var.settings)
}

resource "aws_ecs_task_definition" "job" {
  family                   = var.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.task.cpu
  memory                   = var.task.memory
  task_role_arn            = aws_iam_role.landing_writer.arn
  execution_role_arn       = aws_iam_role.execution.arn
  ephemeral_storage {
    size_in_gib = var.task.disk
  }
  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "X86_64"
  }

  dynamic "volume" {
    for_each = local.written
    content {
      name = volume.key
    }
  }

  container_definitions = jsonencode([{
    name                   = "waybill"
    image                  = var.image
    command                = ["meltano", "--environment=prod", "run", "--no-install", "elt-lake"]
    essential              = true
    user                   = "10001:10001"
    readonlyRootFilesystem = true
    # A step that is asked to stop ends its transaction first.
    stopTimeout     = 120
    environment     = [for name, value in local.settings : { name = name, value = value }]
    secrets         = [for name, secret in aws_secretsmanager_secret.setting : { name = name, valueFrom = secret.arn }]
    mountPoints     = [for name, path in local.written : { sourceVolume = name, containerPath = path, readOnly = false }]
    linuxParameters = { initProcessEnabled = true, capabilities = { drop = ["ALL"] } }
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.job.name
        awslogs-region        = var.region
        awslogs-stream-prefix = "job"
      }
    }
  }])
}

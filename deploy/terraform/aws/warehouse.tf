# The warehouse, where none is elsewhere. Its databases and logins are made once by hand (docs/deployment.md); the
# master's password is made and kept by RDS in Secrets Manager, so Terraform never sees it.
locals {
  warehouse = var.warehouse == null ? {} : { this = var.warehouse }
}

resource "aws_db_subnet_group" "warehouse" {
  for_each   = local.warehouse
  name       = "${var.name}-warehouse"
  subnet_ids = var.subnet_ids
}

resource "aws_security_group" "warehouse" {
  for_each    = local.warehouse
  name        = "${var.name}-warehouse"
  description = "Warehouse of ${var.name}: its jobs reach it"
  vpc_id      = var.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "warehouse" {
  for_each                     = local.warehouse
  security_group_id            = aws_security_group.warehouse[each.key].id
  description                  = "Jobs"
  referenced_security_group_id = aws_security_group.job.id
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
}

resource "aws_db_parameter_group" "warehouse" {
  for_each    = local.warehouse
  name_prefix = "${var.name}-"
  family      = "postgres${split(".", each.value.engine_version)[0]}"
  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }
  # Statements hold rows of sources, and a log is read by more people than the tables.
  parameter {
    name  = "log_statement"
    value = "ddl"
  }
  parameter {
    name  = "log_min_duration_statement"
    value = "60000"
  }
  lifecycle {
    create_before_destroy = true
  }
}

data "aws_iam_policy_document" "monitoring_assume" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["monitoring.rds.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

resource "aws_iam_role" "monitoring" {
  for_each           = local.warehouse
  name               = "${var.name}-warehouse-monitoring"
  assume_role_policy = data.aws_iam_policy_document.monitoring_assume.json
}

resource "aws_iam_role_policy_attachment" "monitoring" {
  for_each   = local.warehouse
  role       = aws_iam_role.monitoring[each.key].name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
}

resource "aws_db_instance" "warehouse" {
  #checkov:skip=CKV_AWS_157:in two zones unless the variable says otherwise, which checkov does not follow
  for_each                            = local.warehouse
  identifier                          = "${var.name}-warehouse"
  engine                              = "postgres"
  engine_version                      = each.value.engine_version
  instance_class                      = each.value.instance_class
  allocated_storage                   = each.value.storage_gb
  max_allocated_storage               = each.value.storage_gb * 10
  storage_type                        = "gp3"
  storage_encrypted                   = true
  kms_key_id                          = aws_kms_key.this.arn
  username                            = "postgres"
  manage_master_user_password         = true
  master_user_secret_kms_key_id       = aws_kms_key.this.key_id
  iam_database_authentication_enabled = true
  db_subnet_group_name                = aws_db_subnet_group.warehouse[each.key].name
  vpc_security_group_ids              = [aws_security_group.warehouse[each.key].id]
  parameter_group_name                = aws_db_parameter_group.warehouse[each.key].name
  publicly_accessible                 = false
  multi_az                            = each.value.multi_az
  backup_retention_period             = 14
  copy_tags_to_snapshot               = true
  auto_minor_version_upgrade          = true
  deletion_protection                 = true
  final_snapshot_identifier           = "${var.name}-warehouse-last"
  enabled_cloudwatch_logs_exports     = ["postgresql", "upgrade"]
  performance_insights_enabled        = true
  performance_insights_kms_key_id     = aws_kms_key.this.arn
  monitoring_interval                 = 60
  monitoring_role_arn                 = aws_iam_role.monitoring[each.key].arn
}

# The lake's two zones (docs/lake.md): objects are put once; nobody changes or removes them for as long as the lock says.
locals {
  zones = {
    landing   = var.retention.landing
    processed = var.retention.processed
  }
}

resource "aws_s3_bucket" "zone" {
  #checkov:skip=CKV_AWS_18:who reads and writes is in CloudTrail's data events, which are the account's to switch on
  #checkov:skip=CKV_AWS_144:a second region is a decision with a price; objects cannot be lost to a mistake here
  #checkov:skip=CKV2_AWS_62:nobody waits for objects, manifests are read when a job runs
  for_each            = local.zones
  bucket              = "${var.name}-${each.key}-${local.account}"
  object_lock_enabled = true
}

resource "aws_s3_bucket_versioning" "zone" {
  for_each = local.zones
  bucket   = aws_s3_bucket.zone[each.key].id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_object_lock_configuration" "zone" {
  for_each   = local.zones
  bucket     = aws_s3_bucket.zone[each.key].id
  depends_on = [aws_s3_bucket_versioning.zone]
  rule {
    default_retention {
      mode = var.retention.mode
      days = each.value
    }
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "zone" {
  for_each = local.zones
  bucket   = aws_s3_bucket.zone[each.key].id
  rule {
    bucket_key_enabled = true
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.this.arn
    }
  }
}

resource "aws_s3_bucket_public_access_block" "zone" {
  for_each                = local.zones
  bucket                  = aws_s3_bucket.zone[each.key].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "zone" {
  for_each = local.zones
  bucket   = aws_s3_bucket.zone[each.key].id
  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

# Nothing expires: the lake is kept. What is left of uploads that were broken off is no object.
resource "aws_s3_bucket_lifecycle_configuration" "zone" {
  for_each   = local.zones
  bucket     = aws_s3_bucket.zone[each.key].id
  depends_on = [aws_s3_bucket_versioning.zone]
  rule {
    id     = "broken-off-uploads"
    status = "Enabled"
    filter {}
    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }
}

data "aws_iam_policy_document" "zone" {
  for_each = local.zones

  statement {
    sid       = "NoPlainText"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.zone[each.key].arn, "${aws_s3_bucket.zone[each.key].arn}/*"]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }

  statement {
    sid       = "NobodyRemoves"
    effect    = "Deny"
    actions   = ["s3:DeleteObject", "s3:DeleteObjectVersion", "s3:BypassGovernanceRetention"]
    resources = ["${aws_s3_bucket.zone[each.key].arn}/*"]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
  }
}

resource "aws_s3_bucket_policy" "zone" {
  for_each   = local.zones
  bucket     = aws_s3_bucket.zone[each.key].id
  policy     = data.aws_iam_policy_document.zone[each.key].json
  depends_on = [aws_s3_bucket_public_access_block.zone]
}

// Run once by the image of MongoDB: the login of storefront-publish, which may write to one database.
const password = require("fs").readFileSync("/run/secrets/mongodb_writer_password", "utf8").trim();
db.getSiblingDB("shop").createUser({
  user: "waybill",
  pwd: password,
  roles: [{ role: "readWrite", db: "shop" }],
});

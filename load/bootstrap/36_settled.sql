-- What stands as its sources stand: models that were built, checks that have passed.
set role loader;

do $$
begin
    if to_regclass('waybill.settled') is null then
        create table waybill.settled (
            kind text not null,
            subject text not null,
            fingerprint text not null,
            settled_at timestamptz not null default clock_timestamp(),
            primary key (kind, subject)
        );
        grant select, insert, update, delete on waybill.settled to transformer, auditor;
        comment on table waybill.settled is
        'One row per model that was built and per check that has passed, since which nothing it depends on has changed if its fingerprint is the same.';
        comment on column waybill.settled.kind is '`dbt` or `check`.';
        comment on column waybill.settled.subject is
        'Unique id of a node of dbt, or stage, suite and table of the checks.';
        comment on column waybill.settled.fingerprint is
        'Of its own code and of the state of all it was made from.';
    end if;
end
$$;

reset role;

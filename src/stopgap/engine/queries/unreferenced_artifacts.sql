-- Artifacts past their grace that no function version names, but for those of
-- deployments that go; plts decides which of them nothing else needs.
-- parameters: removed_ids bigint[], grace interval
with imported as (
    select found.hash[1] as artifact_hash
    from stopgap.fn_version as v
    cross join regexp_matches(
        v.pointer ->> 'import_map', 'sha256:[0-9a-f]{64}', 'g'
    ) as found (hash)
    where v.pointer ? 'import_map' and v.deployment_id <> all (:removed_ids)
),
unnamed as (
    select array_agg(a.artifact_hash) as hashes
    from plts.artifact as a
    where a.created_at < clock_timestamp() - :grace
        and not exists (
            select
            from stopgap.fn_version as v
            where v.artifact_hash = a.artifact_hash
                and v.deployment_id <> all (:removed_ids)
        )
        and not exists (
            select from imported as i where i.artifact_hash = a.artifact_hash
        )
)
select
    a.artifact_hash,
    octet_length(a.source_ts)
        + octet_length(a.compiled_js)
        + coalesce(octet_length(a.source_map), 0) as bytes
from unnamed as u
cross join plts.deletable_artifacts(u.hashes) as d (artifact_hash)
join plts.artifact as a on a.artifact_hash = d.artifact_hash
order by a.artifact_hash

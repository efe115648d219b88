-- Who calls, for whom every privilege check is made, and in what transaction.
-- Inside a SECURITY DEFINER function current_user is its owner.
select
    session_user::text as session_role,
    case current_setting('role')
        when 'none' then session_user::text
        else current_setting('role')
    end as caller,
    current_setting('transaction_isolation') as isolation
